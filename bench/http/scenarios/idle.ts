// What a client costs that has asked once and stays. Its connection to the endpoint has gone back to where others take it.

import { measureIdleMemory } from '../../support/idle-memory.ts';
import { interleave } from '../../support/interleave.ts';
import type { Sample, ScenarioResult } from '../measure.ts';
import { connectionsMax, type HttpPeer } from '../peers/peer.ts';
import { type Session, startPeer } from '../session.ts';

const facts = { few: 500, many: connectionsMax - 500, roundsMax: 3 };

async function measureOne(session: Session, peer: HttpPeer): Promise<Sample> {
  const setup = { targets: [session.origins.files], routes: 0 };
  const { address, leash } = await startPeer(session, peer, setup);
  try {
    const steps = [facts.few, facts.many] as const;
    const running = { address, tree: leash.pid };
    return { ...(await measureIdleMemory(session.programs, running, steps, ['--http', '1'])) };
  } finally {
    await leash.stop();
  }
}

export async function measureIdle(
  session: Session,
  peers: readonly HttpPeer[],
): Promise<ScenarioResult> {
  const rounds = Math.min(session.options.rounds, facts.roundsMax);
  const entries = peers.map((peer) => ({ peer }));
  const taken = await interleave(rounds, entries, ({ peer }) => measureOne(session, peer));
  const title =
    'private dirty memory: nobody there, each client that has asked once, and behind them';
  return { scenario: { name: 'idle', title, facts, variants: {} }, ...taken };
}
