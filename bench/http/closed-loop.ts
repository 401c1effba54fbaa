// One measurement: wrk against one proxy, and what that cost the proxy in CPU.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { descendantsOf } from '../support/memory.ts';
import { pathOf, pipelineDepth, type Row } from './rows.ts';
import type { Session } from './session.ts';

export interface ClosedLoopSample {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  // Absent where requests are pipelined: wrk knows only how long all of them took together.
  readonly p50Us?: number;
  readonly p99Us?: number;
}

const ticksPerSecond = 100;
const microseconds = { us: 1, ms: 1e3, s: 1e6 } as const;
const chunkBytes = 1024;

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
export function readWrk(text: string): Omit<ClosedLoopSample, 'cpuUsPerRequest'> & {
  requests: number;
} {
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

/** In Lua, what wrk sends; null where its own GET will do. */
export function wrkScript(row: Row): string | null {
  const head = `"${row.request === 'chunked' ? 'POST' : 'GET'} ${pathOf(row)} HTTP/1.1\\r\\nHost: bench\\r\\n`;
  switch (row.request) {
    case 'get':
      return null;
    case 'post':
      return `wrk.method = "POST"\nwrk.body = string.rep("x", ${row.bodyBytes})\n`;
    case 'pipelined':
      return `local text = string.rep(${head}\\r\\n", ${pipelineDepth})\nrequest = function() return text end\n`;
    case 'chunked': {
      const chunk = `"${chunkBytes.toString(16)}\\r\\n" .. string.rep("x", ${chunkBytes}) .. "\\r\\n"`;
      const chunks = `string.rep(${chunk}, ${row.bodyBytes / chunkBytes}) .. "0\\r\\n\\r\\n"`;
      return `local text = ${head}Transfer-Encoding: chunked\\r\\n\\r\\n" .. ${chunks}\nrequest = function() return text end\n`;
    }
  }
}

function scriptOption(folder: string, row: Row): string[] {
  const script = wrkScript(row);
  if (script === null) return [];
  const path = join(folder, `${row.name}.lua`);
  writeFileSync(path, script);
  return ['-s', path];
}

export async function closedLoop(
  { places, folder }: Pick<Session, 'places' | 'folder'>,
  row: Row,
  address: string,
  tree: number,
  seconds: number,
): Promise<ClosedLoopSample> {
  const pinned = places.load === undefined ? [] : ['taskset', '-c', String(places.load)];
  const options = ['-t', '1', '-c', String(row.connections), '-d', `${seconds}s`, '--latency'];
  const url = `http://${address}${pathOf(row)}`;
  const before = cpuSeconds(tree);
  const text = await run([...pinned, 'wrk', ...options, ...scriptOption(folder, row), url]);
  const { requests, requestsPerSecond, ...latencies } = readWrk(text);
  const cpuUsPerRequest = ((cpuSeconds(tree) - before) / requests) * 1e6;
  const sample = { requestsPerSecond, cpuUsPerRequest };
  return row.request === 'pipelined' ? sample : { ...sample, ...latencies };
}
