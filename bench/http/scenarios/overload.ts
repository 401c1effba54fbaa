// Five times as many requests as the endpoint can serve. Are those that can be served served well?

import { freeAddress } from '../../support/ports.ts';
import type { Sample, ScenarioResult } from '../measure.ts';
import { runOpenLoop } from '../open-loop.ts';
import type { HttpPeer } from '../peers/peer.ts';
import { type RunningPeer, type Session, startHttpServer } from '../session.ts';
import { measureVariants, notesOf, type Variant } from './variants.ts';

const facts = {
  slots: 20,
  serviceUs: 20_000,
  // slots / service time.
  capacityPerSecond: 1_000,
  rate: 5_000,
  unloadedRate: 500,
  connections: 500,
  // As many under way as are served and wait for the next turn: the slots never run dry, and who is let in waits one turn.
  limit: 40,
  patienceSeconds: 2,
};

const limit = { slots: facts.slots, waiting: facts.limit - facts.slots, waitMs: 20 };

const variants: readonly Variant[] = [
  { name: 'weft', program: 'weft', note: 'limits.requestsMax: 40', setup: { limit } },
  {
    name: 'weft-default',
    program: 'weft',
    note: 'limits.requestsMax as it is without configuration, 100,000',
    setup: {},
  },
  {
    name: 'haproxy',
    program: 'haproxy',
    note: 'maxconn 20 for the server, timeout queue 20ms',
    setup: { limit },
  },
  { name: 'nginx', program: 'nginx', note: 'max_conns=40, it has no queue', setup: { limit } },
  {
    name: 'envoy',
    program: 'envoy',
    note: 'circuit breakers: max_connections 20, max_pending_requests 20, max_requests 40',
    setup: { limit },
  },
];

function load(session: Session, address: string, rate: number, more: readonly string[]) {
  const options = ['--rate', String(rate), '--connections', String(facts.connections)];
  options.push('--warmup', '0.5', '--patience', String(facts.patienceSeconds), ...more);
  return runOpenLoop(session, address, options);
}

async function measureOne(session: Session, running: RunningPeer): Promise<Sample> {
  const { address, leash } = running;
  const { seconds } = session.options;
  const half = Math.max(1, Math.round(seconds / 2));
  const full = await load(session, address, facts.capacityPerSecond, ['--seconds', String(half)]);
  const unloaded = await load(session, address, facts.unloadedRate, ['--seconds', String(half)]);
  const more = ['--seconds', String(seconds), '--tree', String(leash.pid)];
  const figures = await load(session, address, facts.rate, more);
  const { units = 0, refused = 0, cpuSeconds = 0, seconds: measured = 1 } = figures;
  return {
    rate: facts.rate,
    peakPerSecond: (full['units'] ?? 0) / (full['seconds'] ?? 1),
    unloadedP99Us: unloaded['latencyP99Us'] ?? 0,
    requestsPerSecond: units / measured,
    refusedPerSecond: refused / measured,
    lost: ['otherStatus', 'failed', 'unanswered'].reduce(
      (sum, kind) => sum + (figures[kind] ?? 0),
      0,
    ),
    p50Us: figures['latencyP50Us'] ?? 0,
    p99Us: figures['latencyP99Us'] ?? 0,
    refusedP99Us: figures['refusedP99Us'] ?? 0,
    lagP99Us: figures['lagP99Us'] ?? 0,
    cpuUsPerRequest: (cpuSeconds / (units + refused)) * 1e6,
  };
}

export async function measureOverload(
  session: Session,
  peers: readonly HttpPeer[],
): Promise<ScenarioResult> {
  const target = await freeAddress();
  const options = ['--service-us', String(facts.serviceUs), '--slots', String(facts.slots)];
  const server = await startHttpServer(session.programs, [target], options, session.places.load);
  const taken = await measureVariants(session, peers, variants, [target], (running) =>
    measureOne(session, running),
  );
  await server.stop();
  const title = '5 x the requests that the endpoint can serve, open loop';
  const scenario = { name: 'overload', title, facts, variants: notesOf(variants) };
  return { scenario, ...taken };
}
