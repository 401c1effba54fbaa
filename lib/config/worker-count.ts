// How many workers run when nobody says: the CPUs that this process may use. A container often sees all CPUs
// of its host and may use two of them; more workers than that would only take time from each other.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { workerCountMax } from './schema.ts';

export interface CpuFacts {
  /** CPUs of the affinity mask. */
  readonly cpuCount: number;
  /** Contents of `cpu.max` of the process' cgroup and of its ancestors (version 2); `max 100000` is no quota. */
  readonly cpuMax: readonly string[];
  /** Contents of `cpu.cfs_quota_us` and `cpu.cfs_period_us` (version 1); a quota of -1 is none. */
  readonly cfsQuota: string | null;
  readonly cfsPeriod: string | null;
}

/** A quota is rounded up: with 1.5 CPUs, two workers get there, one would not. */
export function workerCountFrom(facts: CpuFacts): number {
  const quotas = facts.cpuMax.map((text) => {
    const [quota, period] = text.trim().split(/\s+/);
    return cpusOf(quota, period);
  });
  quotas.push(cpusOf(facts.cfsQuota?.trim(), facts.cfsPeriod?.trim()));
  const allowed = Math.min(facts.cpuCount, ...quotas.map(Math.ceil));
  return Math.min(workerCountMax, Math.max(1, allowed));
}

/** Reads the facts of this process. What cannot be read counts as no quota. */
export function readCpuFacts(
  read: (path: string) => string | null = readOrNull,
  cpuCount = availableParallelism(),
): CpuFacts {
  const groups = read('/proc/self/cgroup') ?? '';
  const unified = /^0::(\/.*)$/m.exec(groups)?.[1] ?? '/';
  const cpu = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1] ?? '/';
  const cpuMax = ancestors(unified).map((path) => read(`/sys/fs/cgroup${path}cpu.max`));
  // A container sees its own group at the root of the mount, whatever /proc says about the host's path.
  const v1 = (name: string) =>
    read(`/sys/fs/cgroup/cpu${cpu === '/' ? '' : cpu}/${name}`) ??
    read(`/sys/fs/cgroup/cpu/${name}`);
  return {
    cpuCount,
    cpuMax: cpuMax.filter((text) => text !== null),
    cfsQuota: v1('cpu.cfs_quota_us'),
    cfsPeriod: v1('cpu.cfs_period_us'),
  };
}

/** `/a/b` gives `/`, `/a/`, `/a/b/`: a quota of any of them holds. */
function ancestors(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}/`)];
}

function cpusOf(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota) / Number(period);
  return cpus > 0 && Number.isFinite(cpus) ? cpus : Number.POSITIVE_INFINITY;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Another cgroup version, or none: there is no quota to find here.
    return null;
  }
}
