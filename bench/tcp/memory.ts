// Private dirty memory of a freshly started peer: with no traffic, for each idle pair, and what is
// left when the pairs have gone. Each pair has carried one message of 64 B in both directions.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClient } from '../support/leash.ts';
import { privateDirtyBytes } from '../support/memory.ts';
import type { Peer } from './peers/peer.ts';
import type { Sample } from './rows.ts';
import { type Session, startPeer } from './session.ts';

// The hard limit of descriptors is 20,000 on some machines, and a pair takes two.
const fewPairs = 1_000;
const manyPairs = 8_000;
const settleMs = 700;
// How long the pairs' end may take to reach the peer and its allocator.
const leaveMs = 1_500;

export async function measureMemory(session: Session, peer: Peer): Promise<Sample> {
  const running = await startPeer(session, peer, 'echo', 'free');
  try {
    await sleep(settleMs);
    const idleBytes = privateDirtyBytes(running.tree);
    const steps = `${fewPairs},${manyPairs}`;
    const client = startClient(session.programs, [
      'idle',
      '--to',
      running.address,
      '--steps',
      steps,
    ]);
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
      return privateDirtyBytes(running.tree);
    };
    try {
      const few = await atStep();
      client.child.stdin?.write('\n');
      const many = await atStep();
      client.child.stdin?.end();
      await once(client.child, 'close');
      await sleep(leaveMs);
      const pairBytes = (many - few) / (manyPairs - fewPairs);
      return { idleBytes, pairBytes, leftBytes: privateDirtyBytes(running.tree) };
    } finally {
      client.child.kill('SIGKILL');
    }
  } finally {
    await running.stop();
  }
}
