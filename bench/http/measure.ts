// One measurement: wrk against one proxy, and what that cost the proxy in CPU.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { descendantsOf } from '../support/memory.ts';
import { pathOf, type Row } from './rows.ts';

export interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const ticksPerSecond = 100;
const microseconds = { us: 1, ms: 1e3, s: 1e6 } as const;

/** Of all processes below a leash. */
function cpuSeconds(tree: number): number {
  let ticks = 0;
  for (const pid of descendantsOf(tree)) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

function run(command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', () => reject(new Error('wrk is the load: apt-get install wrk')));
    child.on('exit', () => resolve(text));
  });
}

function latency(text: string, percent: string): number {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)$`, 'm').exec(text);
  return Number(found?.[1]) * microseconds[(found?.[2] ?? 'us') as keyof typeof microseconds];
}

/** What wrk printed, read. Throws when a request failed. */
export function readWrk(text: string): Omit<Sample, 'cpuUsPerRequest'> & { requests: number } {
  const failed = /^\s+(?:Socket errors|Non-2xx).*$/m.exec(text);
  if (failed !== null) throw new Error(failed[0].trim());
  const [, requests = '', seconds = ''] = /^\s+(\d+) requests in ([\d.]+)s/m.exec(text) ?? [];
  if (requests === '') throw new Error(`wrk did not say how many requests: ${text.trim()}`);
  return {
    requests: Number(requests),
    requestsPerSecond: Number(requests) / Number(seconds),
    p50Us: latency(text, '50'),
    p99Us: latency(text, '99'),
  };
}

export async function measure(
  row: Row,
  address: string,
  tree: number,
  seconds: number,
  cpu: number | undefined,
): Promise<Sample> {
  const pinned = cpu === undefined ? [] : ['taskset', '-c', String(cpu)];
  const url = `http://${address}${pathOf(row)}`;
  const connections = String(row.connections);
  const options = ['-t', '1', '-c', connections, '-d', `${seconds}s`, '--latency', url];
  const before = cpuSeconds(tree);
  const { requests, ...sample } = readWrk(await run([...pinned, 'wrk', ...options]));
  return { ...sample, cpuUsPerRequest: ((cpuSeconds(tree) - before) / requests) * 1e6 };
}
