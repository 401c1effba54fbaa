// Memory of a proxy: private dirty of every process below a leash.

import { readdirSync, readFileSync } from 'node:fs';

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0; // The process ended while we looked.
  }
}

// All processes below `rootPid`, without it.
export function descendantsOf(rootPid: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(pids.map((pid) => [pid, parentOf(pid)]));
  const found = [rootPid];
  for (let i = 0; i < found.length; i += 1) {
    for (const [pid, parent] of parents) if (parent === found[i]) found.push(pid);
  }
  return found.slice(1);
}

// Bytes that only these processes hold and that cannot be dropped: what they cost the machine.
export function privateDirtyBytes(rootPid: number): number {
  let total = 0;
  for (const pid of descendantsOf(rootPid)) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    total += Number(/^Private_Dirty:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  }
  return total;
}
