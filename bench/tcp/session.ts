// One run of the bench: the programs, the server behind the proxies, and starting a peer in front.

import { makeWorkFolder } from '../support/leash.ts';
import { startListening } from '../support/listening.ts';
import { outerCpus } from '../support/machine.ts';
import { freeAddress, portOf } from '../support/ports.ts';
import { buildPrograms, type Programs } from '../support/programs.ts';
import { farHost, farSide, onFarSide } from './far-side.ts';
import type { BenchOptions } from './options.ts';
import type { Peer } from './peers/peer.ts';
import type { Placement, ServiceName } from './rows.ts';

type Services = Readonly<Record<ServiceName, string>>;

// CPUs by number; absent where the scheduler decides.
export interface Place {
  readonly load?: number | undefined;
  readonly proxy?: number | undefined;
}

export interface Session {
  readonly options: BenchOptions;
  readonly programs: Programs;
  readonly folder: string;
  readonly places: Readonly<Record<Placement, Place>>;
  // One server for each placement, on the load's CPU.
  readonly services: Readonly<Record<Placement, Services>>;
  // Messages per second of each peer, of which the row at half load takes half.
  readonly peaks: Map<string, number>;
}

export interface RunningPeer {
  readonly peer: Peer;
  // Where the load connects to.
  readonly address: string;
  // Process whose descendants are the proxy; 0 for direct.
  readonly tree: number;
  stop(): Promise<void>;
}

function choosePlaces(pin: boolean): Session['places'] {
  if (!pin) return { shared: {}, split: {}, free: {} };
  // Interrupts mostly go to the first CPU, so the proxy gets the last.
  const { first, last } = outerCpus();
  return { shared: { load: last, proxy: last }, split: { load: first, proxy: last }, free: {} };
}

async function startServer(programs: Programs, place: Place): Promise<Services> {
  const far = farSide();
  const host = far === null ? '127.0.0.1' : farHost;
  const free = async () => `${host}:${portOf(await freeAddress())}`;
  const services = {
    echo: await free(),
    sink: await free(),
    check: await free(),
    'reply-close': await free(),
  };
  // On all its addresses, where it has several.
  const args = Object.entries(services).flatMap(([name, address]) => [
    `--${name}`,
    far === null ? address : `0.0.0.0:${portOf(address)}`,
  ]);
  const command = onFarSide(far, [programs.server, ...args]);
  await startListening(programs, 'the load server', command, services.echo, place.load);
  return services;
}

export async function openSession(options: BenchOptions): Promise<Session> {
  const programs = await buildPrograms();
  const places = choosePlaces(options.pin);
  const services = {
    shared: await startServer(programs, places.shared),
    split: await startServer(programs, places.split),
    free: await startServer(programs, places.free),
  };
  const folder = makeWorkFolder(programs);
  return { options, programs, folder, places, services, peaks: new Map() };
}

export function commandOf(session: Session, peer: Peer, listen: string, target: string): string[] {
  const { folder, options } = session;
  return peer.command({ listen, target, threads: options.threads, folder });
}

export async function startPeer(
  session: Session,
  peer: Peer,
  service: ServiceName,
  placement: Placement,
): Promise<RunningPeer> {
  const target = session.services[placement][service];
  if (peer.kind === 'direct') return { peer, address: target, tree: 0, stop: async () => {} };
  const listen = await freeAddress();
  const command = commandOf(session, peer, listen, target);
  const cpu = session.places[placement].proxy;
  const leash = await startListening(session.programs, peer.name, command, listen, cpu);
  return {
    peer,
    address: peer.address?.(target) ?? listen,
    tree: leash.pid,
    stop: () => leash.stop(),
  };
}
