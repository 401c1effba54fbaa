// What a result is worth nothing without: the machine, the kernel, the commit and the command.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import process from 'node:process';
import { root } from './paths.ts';

// Above this, others are using the machine and latency figures are theirs as much as ours.
export const quietLoadAverage = 0.7;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  readonly loadAverage: number;
}

export interface Provenance {
  readonly date: string;
  readonly commit: string;
  readonly changed: boolean;
  readonly command: string;
  readonly machine: Machine;
}

function systemName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'Linux';
  } catch {
    return process.platform;
  }
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    kernel: release(),
    system: systemName(),
    node: process.version,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

export function describeRun(command: string): Provenance {
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short=12', 'HEAD') || 'none',
    changed: git('status', '--porcelain', '--', 'lib', 'native', 'bench') !== '',
    command,
    machine: describeMachine(),
  };
}

// The first and the last CPU that this process may use; the same one where there is only one.
export function outerCpus(): { first: number; last: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0';
  const numbers = list.split(/[,-]/).map(Number);
  return { first: numbers.at(0) ?? 0, last: numbers.at(-1) ?? 0 };
}
