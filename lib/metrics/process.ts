// What the kernel says about this process, for the process_* families. Values that this system does not tell
// are left out, never guessed.

import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFacts {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes: number | null;
  readonly openFds: number | null;
  readonly maxFds: number | null;
  readonly threads: number | null;
  readonly startTimeSeconds: number;
}

export function readProcess(): ProcessFacts {
  const { user, system } = process.cpuUsage();
  const status = readProc('status');
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    virtualBytes: scaled(numberAfter(status, /^VmSize:\s+(\d+) kB/m), 1024),
    openFds: countFds(),
    maxFds: numberAfter(readProc('limits'), /^Max open files\s+(\d+)/m),
    threads: numberAfter(status, /^Threads:\s+(\d+)/m),
    startTimeSeconds: performance.timeOrigin / 1_000,
  };
}

function readProc(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    // No /proc (another system, or a container that hides it): the value is left out.
    return '';
  }
}

/** The descriptor that reads the folder is not counted. */
function countFds(): number | null {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    // No /proc, as above, or no descriptor left to open it with.
    return null;
  }
}

function numberAfter(text: string, pattern: RegExp): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}
