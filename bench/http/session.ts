// One run of the bench: the programs, the servers behind the proxies, and proxies in front of them.

import { type Leash, makeWorkFolder } from '../support/leash.ts';
import { startListening } from '../support/listening.ts';
import { outerCpus } from '../support/machine.ts';
import { freeAddress } from '../support/ports.ts';
import { buildPrograms, type Programs } from '../support/programs.ts';
import type { HttpOptions } from './options.ts';
import { startFiles } from './origin.ts';
import type { HttpPeer, HttpStartRequest } from './peers/peer.ts';
import { originOf, type Row, rows } from './rows.ts';

/** CPUs by number; absent where the scheduler decides. */
interface Places {
  readonly load: number | undefined;
  readonly proxy: number | undefined;
}

export interface Session {
  readonly options: HttpOptions;
  readonly programs: Programs;
  readonly folder: string;
  readonly places: Places;
  /** Addresses of the servers behind. */
  readonly origins: Readonly<Record<'files' | 'echo', string>>;
  /** Requests per second of each peer in the row that says what its peak is. */
  readonly peaks: Map<string, number>;
}

export interface RunningPeer {
  readonly peer: HttpPeer;
  readonly address: string;
  readonly leash: Leash;
}

/** One of our own servers, with one endpoint at each address. */
export async function startHttpServer(
  programs: Programs,
  addresses: readonly string[],
  options: readonly string[],
  cpu?: number,
): Promise<Leash> {
  const command = [programs.httpServer, '--listen', addresses.join(','), ...options];
  return startListening(programs, 'the load server', command, addresses.at(-1) ?? '', cpu);
}

export async function openSession(options: HttpOptions): Promise<Session> {
  const programs = await buildPrograms();
  const folder = makeWorkFolder(programs);
  // Interrupts mostly go to the first CPU, so the proxy gets the last.
  const { first, last } = outerCpus();
  const places = options.pin ? { load: first, proxy: last } : { load: undefined, proxy: undefined };
  const echo = await freeAddress();
  await startHttpServer(programs, [echo], [], places.load);
  const files = await startFiles(programs, folder, rows, places.load);
  return { options, programs, folder, places, origins: { files, echo }, peaks: new Map() };
}

type Setup = Omit<HttpStartRequest, 'listen' | 'target' | 'threads' | 'folder'>;

export async function startPeer(
  session: Session,
  peer: HttpPeer,
  setup: Setup,
): Promise<RunningPeer> {
  const { folder, options, places, programs } = session;
  const address = await freeAddress();
  const target = setup.targets[0] ?? '';
  const request = { ...setup, target, listen: address, threads: options.threads, folder };
  const command = peer.command(request);
  const leash = await startListening(programs, peer.name, command, address, places.proxy);
  return { peer, address, leash };
}

export function setupOf(session: Session, row: Row): Setup {
  return { targets: [session.origins[originOf(row)]], routes: row.routes };
}
