// Private dirty memory of a freshly started program: with no traffic, for each idle connection, and what is left when
// the connections have gone.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClient } from './leash.ts';
import { privateDirtyBytes } from './memory.ts';
import type { Programs } from './programs.ts';

const settleMs = 700;
// How long the connections' end may take to reach the program and its allocator.
const leaveMs = 1_500;

export interface IdleMemory {
  readonly idleBytes: number;
  /** The slope between the two numbers of connections. */
  readonly pairBytes: number;
  readonly leftBytes: number;
}

/** `tree`: process above those that are measured. `options`: of `client idle`. */
export async function measureIdleMemory(
  programs: Programs,
  { address, tree }: { readonly address: string; readonly tree: number },
  [few, many]: readonly [number, number],
  options: readonly string[] = [],
): Promise<IdleMemory> {
  await sleep(settleMs);
  const idleBytes = privateDirtyBytes(tree);
  const steps = `${few},${many}`;
  const client = startClient(programs, ['idle', '--to', address, '--steps', steps, ...options]);
  const failed = client.lines.then(() => {
    throw new Error('the idle connections ended early');
  });
  failed.catch(() => {}); // It is also what ends the client in the good case, after the race.
  const stdout = client.child.stdout;
  if (stdout === null) throw new Error('the load client has no output');
  const reader = createInterface({ input: stdout });
  const atStep = async () => {
    await Promise.race([once(reader, 'line'), failed]);
    await sleep(settleMs);
    return privateDirtyBytes(tree);
  };
  try {
    const fewBytes = await atStep();
    client.child.stdin?.write('\n');
    const manyBytes = await atStep();
    client.child.stdin?.end();
    await once(client.child, 'close');
    await sleep(leaveMs);
    const pairBytes = (manyBytes - fewBytes) / (many - few);
    return { idleBytes, pairBytes, leftBytes: privateDirtyBytes(tree) };
  } finally {
    client.child.kill('SIGKILL');
  }
}
