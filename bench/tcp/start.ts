// Start-up: from before fork() until one byte has gone through the peer and come back.

import { runClient } from '../support/leash.ts';
import { freeAddress } from '../support/ports.ts';
import type { Peer } from './peers/peer.ts';
import type { Sample } from './rows.ts';
import { commandOf, type Session } from './session.ts';

export async function measureStart(session: Session, peer: Peer): Promise<Sample> {
  const listen = await freeAddress();
  const command = commandOf(session, peer, listen, session.services.free.echo);
  const args = ['first-byte', '--to', listen, '--', ...command];
  const { startMs = Number.NaN } = await runClient(session.programs, args);
  return { startMs };
}
