// node dist-test/bench/boundary.js: what crossing between TypeScript and native code costs on the
// JavaScript thread: publishing 10,000 endpoints, with the tables of the balancers that need one, a
// scrape, decoding events. Needs the built addon.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { Bench, type Task } from 'tinybench';
import { resolveConfig } from '../lib/config/resolve.ts';
import { compile } from '../lib/control/compile.ts';
import { DesiredState } from '../lib/control/desired-state.ts';
import type { DiscoveredEndpoint } from '../lib/discovery/source.ts';
import { Engine } from '../lib/engine/engine.ts';
import { loadAddon } from '../lib/engine/load-addon.ts';
import { decodeEvents } from '../lib/events/decode.ts';
import { collectFamilies } from '../lib/metrics/families.ts';
import { renderMetrics } from '../lib/metrics/prometheus.ts';
import { Registry } from '../lib/metrics/registry.ts';
import { encodeEvent } from '../test/support/event-encoder.ts';
import { FakeWorker } from '../test/support/fake-worker.ts';
import { describeRun } from './support/machine.ts';
import { resultsFolder, root } from './support/paths.ts';
import { freeAddress } from './support/ports.ts';

const endpointCount = 10_000;
// Endpoints that a sidecar has talked to, each with counters in both workers.
const metEndpointCount = 1_000;
const workerCount = 2;
const batchBytes = 64 * 1024;
const timeMs = 2_000;

const balancers = ['p2cEwma', 'ringHash', 'maglev'] as const;
const appliedMaxMs = 30;

function appliedWith(balancer: string): string {
  return `${endpointCount} endpoints replaced, compiled, published and acknowledged, ${balancer}`;
}

function endpointsOf(firstOctet: number): DiscoveredEndpoint[] {
  return Array.from({ length: endpointCount }, (_, index) => ({
    address: `${firstOctet}.0.${index >> 8}.${index & 255}:80`,
    weight: 1,
    zone: null,
  }));
}

const listen = await freeAddress();

function desiredState(balancer: (typeof balancers)[number] = 'p2cEwma'): DesiredState {
  const state = new DesiredState();
  const cluster = { endpoints: ['10.0.0.1:80'], balancer };
  state.setConfig(
    resolveConfig({
      listeners: [{ name: 'in', address: listen, cluster: 'targets' }],
      clusters: { targets: cluster },
      admin: null,
    }),
  );
  return state;
}

function addPublishing(bench: Bench, engine: Engine): void {
  const sets = [endpointsOf(10), endpointsOf(11)] as const;
  let revision = 0;
  const publish = (state: DesiredState) => {
    revision += 1;
    return engine.publish(compile({ desired: state.current(), revision, releasedRuns: [] }));
  };
  for (const balancer of balancers) {
    const state = desiredState(balancer);
    bench.add(appliedWith(balancer), async () => {
      state.setEndpoints('targets', sets[revision % 2 === 0 ? 0 : 1]);
      await publish(state);
    });
  }
  const state = desiredState();
  state.setEndpoints('targets', sets[0]);
  bench.add(`${endpointCount} endpoints unchanged, published and acknowledged`, async () => {
    await publish(state);
  });
}

function addScrape(bench: Bench): void {
  const workers = Array.from(
    { length: workerCount },
    () => new FakeWorker({ cellCount: 65_536, runCount: 4_096 }),
  );
  const state = desiredState();
  state.setEndpoints('targets', endpointsOf(10).slice(0, metEndpointCount));
  const [cluster] = state.current().clusters;
  for (const worker of workers) {
    worker.take('listenerTcp', [1, 1]).add('opens', 5);
    for (const { id } of cluster?.endpoints ?? []) {
      worker.take('endpointTcp', [1, cluster?.id ?? 0, id]).add('opens', 5);
    }
  }
  const registry = new Registry({
    memory: workers.map(({ memory }) => memory),
    labels: state,
    idleMs: () => 600_000,
    now: () => performance.now(),
  });
  const facts = {
    desiredRevision: 1,
    appliedRevision: 1,
    reloadsSucceeded: 0,
    reloadsFailed: 0,
    dns: null,
    accessLog: { written: 0, sampledOut: 0, dropped: 0 },
    logLinesDropped: 0,
    build: {},
  };
  const name = `scrape of ${metEndpointCount} endpoints counted by ${workerCount} workers`;
  bench.add(name, () => {
    renderMetrics(collectFamilies(registry, facts), 'text');
  });
}

function addDecoding(bench: Bench): void {
  const record = encodeEvent({
    kind: 'connectionClosed',
    wallUs: 1_700_000_000_000_000,
    values: {
      connectionId: 77,
      downstreamReadBytes: 12_345,
      downstreamAddress: '127.0.0.1:34567',
      upstreamAddress: '10.0.0.1:80',
    },
  });
  const count = Math.floor(batchBytes / record.byteLength);
  const batch = Buffer.concat(Array.from({ length: count }, () => record));
  bench.add(`decoding ${count} connectionClosed events`, () => {
    for (const event of decodeEvents(batch)) {
      if (event.kind !== 'connectionClosed') throw new Error('another event was decoded');
    }
  });
}

interface Line {
  readonly name: string;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly count: number;
}

function lineOf(task: Task): Line {
  const { result } = task;
  if (result.state === 'errored') throw result.error;
  if (result.state !== 'completed') throw new Error(`${task.name}: ${result.state}`);
  const { p50, p99, samplesCount } = result.latency;
  return { name: task.name, medianMs: p50, p99Ms: p99, count: samplesCount };
}

async function main(): Promise<void> {
  const engine = Engine.start(
    loadAddon(),
    { workerCount, eventRingBytes: 65_536, cellCount: 65_536, runCount: 4_096 },
    () => {},
  );
  try {
    const bench = new Bench({ time: timeMs, warmupTime: 300 });
    addPublishing(bench, engine);
    addScrape(bench);
    addDecoding(bench);
    await bench.run();
    const lines = bench.tasks.map(lineOf);
    for (const { name, medianMs, p99Ms } of lines) {
      const figures = `${medianMs.toFixed(3).padStart(9)} ms  p99 ${p99Ms.toFixed(3).padStart(9)} ms`;
      process.stdout.write(`${figures}  ${name}\n`);
    }
    const names = balancers.map(appliedWith);
    const updates = lines.filter(({ name }) => names.includes(name));
    const slowest = Math.max(...updates.map(({ medianMs }) => medianMs));
    const verdict = slowest <= appliedMaxMs ? 'PASS' : 'MISS';
    process.stdout.write(`${verdict}: ${slowest.toFixed(1)} ms, at most ${appliedMaxMs} ms\n`);
    const provenance = describeRun('node dist-test/bench/boundary.js');
    const path = join(resultsFolder, `${provenance.date.slice(0, 10)}-boundary.json`);
    mkdirSync(resultsFolder, { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...provenance, lines, verdict }, null, 2)}\n`);
    process.stdout.write(`written: ${relative(root, path)}\n`);
  } finally {
    await engine.stop();
  }
}

await main();
