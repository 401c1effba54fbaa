// The programs of a scenario: Weft in more than one way, the others in the one that their documentation names for it.

import { type Interleaved, interleave } from '../../support/interleave.ts';
import type { Sample } from '../measure.ts';
import type { HttpPeer, HttpStartRequest } from '../peers/peer.ts';
import { type RunningPeer, type Session, startPeer } from '../session.ts';

export interface Variant {
  readonly name: string;
  /** Name of the program. */
  readonly program: string;
  /** How it is set up, in its own words. */
  readonly note: string;
  readonly setup: Pick<HttpStartRequest, 'balancer' | 'limit'>;
}

export const notesOf = (variants: readonly Variant[]) =>
  Object.fromEntries(variants.map(({ name, note }) => [name, note]));

async function startVariants(
  session: Session,
  peers: readonly HttpPeer[],
  variants: readonly Variant[],
  targets: readonly string[],
): Promise<RunningPeer[]> {
  const running: RunningPeer[] = [];
  for (const { name, program, setup } of variants) {
    const peer = peers.find((candidate) => candidate.name === program);
    if (peer !== undefined) {
      const started = { ...peer, name };
      running.push(await startPeer(session, started, { targets, routes: 0, ...setup }));
    }
  }
  return running;
}

/** Those of the variants whose program is among the peers, each measured once per round. */
export async function measureVariants(
  session: Session,
  peers: readonly HttpPeer[],
  variants: readonly Variant[],
  targets: readonly string[],
  measure: (running: RunningPeer) => Promise<Sample>,
): Promise<Interleaved<Sample>> {
  const running = await startVariants(session, peers, variants, targets);
  const taken = await interleave(session.options.rounds, running, measure);
  for (const { leash } of running) await leash.stop();
  return taken;
}
