// Memory of a peer: each pair has carried one message of 64 B in both directions.

import { measureIdleMemory } from '../support/idle-memory.ts';
import type { Peer } from './peers/peer.ts';
import type { Sample } from './rows.ts';
import { type Session, startPeer } from './session.ts';

// The hard limit of descriptors is 20,000 on some machines, and a pair takes two.
const pairs = [1_000, 8_000] as const;

export async function measureMemory(session: Session, peer: Peer): Promise<Sample> {
  const running = await startPeer(session, peer, 'echo', 'free');
  try {
    return { ...(await measureIdleMemory(session.programs, running, pairs)) };
  } finally {
    await running.stop();
  }
}
