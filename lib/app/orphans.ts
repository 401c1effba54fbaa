// What the first process of a container owes the others: whose parent ended becomes its child, and stays a zombie
// until it is waited for. Node waits only for what it started itself. Weft starts nothing that outlives it, but a
// shell that somebody runs in the container may. JavaScript thread; only where the process is number 1.

import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import type { SignalSource } from './lifecycle.ts';

export interface OrphanOptions {
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** Waits for one ended child. */
  readonly reap: (pid: number) => void;
  /** The ended children of this process; tests give their own. */
  readonly ended?: () => readonly number[];
}

/** A child of Node's own is waited for within a turn of its loop; what is left after this is nobody's. */
const graceMs = 1_000;

/** Starts reaping; the returned function ends it. */
export function reapOrphans({
  signals,
  clock,
  reap,
  ended = endedChildren,
}: OrphanOptions): () => void {
  let before: ReadonlySet<number> = new Set();
  let cancel: (() => void) | null = null;
  const look = (): void => {
    cancel = null;
    const now = ended();
    const left = now.filter((pid) => before.has(pid));
    left.forEach(reap);
    before = new Set(now.filter((pid) => !left.includes(pid)));
    if (before.size > 0) {
      lookLater();
    }
  };
  const lookLater = (): void => {
    cancel ??= clock.after(graceMs, look);
  };
  signals.on('SIGCHLD', lookLater);
  return () => {
    signals.off('SIGCHLD', lookLater);
    cancel?.();
  };
}

function endedChildren(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isEndedChild(statOf(name)))
    .map(Number);
}

/** `stat` of proc(5): state and parent follow the name, which is in parentheses and may hold any. */
function isEndedChild(stat: string): boolean {
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' && Number(parent) === process.pid;
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended meanwhile, and its parent took it.
    return '';
  }
}
