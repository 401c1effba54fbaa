// One of ten endpoints gets ten times slower. How much do clients see of it?

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from '../../support/leash.ts';
import { freeAddress } from '../../support/ports.ts';
import type { Sample, ScenarioResult } from '../measure.ts';
import { runOpenLoop } from '../open-loop.ts';
import type { HttpPeer } from '../peers/peer.ts';
import { type RunningPeer, type Session, startHttpServer } from '../session.ts';
import { measureVariants, notesOf, type Variant } from './variants.ts';

const facts = {
  endpoints: 10,
  serviceUs: 10_000,
  slowServiceUs: 100_000,
  rate: 1_000,
  connections: 200,
  // All endpoints are fast; then one gets slow and the measured time begins.
  warmupSeconds: 1,
  // Until the slow endpoint first answers, nobody can know: those are 10 requests, which are to be well below 1 % of all.
  secondsMin: 3,
};

const variants: readonly Variant[] = [
  { name: 'weft', program: 'weft', note: 'p2cEwma, its default', setup: {} },
  {
    name: 'weft-roundRobin',
    program: 'weft',
    note: 'balancer: roundRobin',
    setup: { balancer: 'inTurn' },
  },
  {
    name: 'haproxy',
    program: 'haproxy',
    note: 'balance leastconn',
    setup: { balancer: 'leastBusy' },
  },
  { name: 'nginx', program: 'nginx', note: 'least_conn', setup: { balancer: 'leastBusy' } },
  {
    name: 'envoy',
    program: 'envoy',
    note: 'lb_policy: LEAST_REQUEST',
    setup: { balancer: 'leastBusy' },
  },
];

async function tell(endpoint: string, serviceUs: number): Promise<void> {
  const order = { method: 'POST', body: String(serviceUs), signal: AbortSignal.timeout(5_000) };
  const answer = await fetch(`http://${endpoint}/service-us`, order);
  assert.equal(await answer.text(), order.body);
}

function sampleOf(figures: Figures): Sample {
  const { units = 0, seconds = 1, cpuSeconds = 0 } = figures;
  const kinds = ['refused', 'otherStatus', 'failed', 'unanswered'];
  return {
    rate: facts.rate,
    requestsPerSecond: units / seconds,
    cpuUsPerRequest: (cpuSeconds / units) * 1e6,
    lost: kinds.reduce((sum, kind) => sum + (figures[kind] ?? 0), 0),
    p50Us: figures['latencyP50Us'] ?? 0,
    p99Us: figures['latencyP99Us'] ?? 0,
    p999Us: figures['latencyP999Us'] ?? 0,
    lagP99Us: figures['lagP99Us'] ?? 0,
  };
}

async function measureOne(session: Session, slow: string, running: RunningPeer): Promise<Sample> {
  const options = ['--rate', String(facts.rate), '--connections', String(facts.connections)];
  options.push('--warmup', String(facts.warmupSeconds), '--tree', String(running.leash.pid));
  options.push('--seconds', String(Math.max(session.options.seconds, facts.secondsMin)));
  const figures = runOpenLoop(session, running.address, options);
  try {
    const turn = sleep(facts.warmupSeconds * 1_000).then(() => tell(slow, facts.slowServiceUs));
    const [measured] = await Promise.all([figures, turn]);
    return sampleOf(measured);
  } finally {
    await tell(slow, facts.serviceUs);
  }
}

export async function measureSlowEndpoint(
  session: Session,
  peers: readonly HttpPeer[],
): Promise<ScenarioResult> {
  const targets: string[] = [];
  while (targets.length < facts.endpoints) targets.push(await freeAddress());
  const options = ['--service-us', String(facts.serviceUs)];
  const server = await startHttpServer(session.programs, targets, options, session.places.load);
  const slow = targets[Math.floor(facts.endpoints / 2)] ?? '';
  const taken = await measureVariants(session, peers, variants, targets, (running) =>
    measureOne(session, slow, running),
  );
  await server.stop();
  const title = '1 of 10 endpoints gets 10 x slower, open loop';
  const scenario = { name: 'slow-endpoint', title, facts, variants: notesOf(variants) };
  return { scenario, ...taken };
}
