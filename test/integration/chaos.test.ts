// Everything at once for a while: connections reset at random points, half-closed, one byte at a time, silent by the
// thousand, endpoints killed and started again. At the end no byte was wrong, every failure has the cause that was
// injected, the counters say what the clients saw, and descriptors and memory are back where they were.
// WEFT_CHAOS_SECONDS (14) says how long, WEFT_CHAOS_SEED which chaos.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Loss, Tally } from '../support/chaos/fleet.ts';
import { mulberry32 } from '../support/chaos/random.ts';
import { killWithUs } from '../support/kill-with-us.ts';
import { freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { type Metrics, WeftRun } from '../support/weft.ts';

const seconds = Number(process.env['WEFT_CHAOS_SECONDS'] ?? 14);
const seed = Number(process.env['WEFT_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const activeMax = 40;
const silentMax = 2_000;
const random = mulberry32(seed);
const programs = join(import.meta.dirname, '../support/chaos');

/** An endpoint with its lives; the last is the present one. */
interface Endpoint {
  readonly index: number;
  readonly port: number;
  life: number;
  child: ChildProcess;
}

interface Kill {
  readonly endpoint: number;
  readonly life: number;
  /** Date.now() before the signal, and when the process was gone: the kernel closes its sockets in between. */
  readonly at: number;
  readonly goneAt: number;
}

const endpoints: Endpoint[] = [];
const kills: Kill[] = [];
const wrongAtEndpoints: string[] = [];
let weft: WeftRun;
let fleet: ChildProcess;

before(async () => {
  for (const index of [0, 1, 2]) {
    const port = await freePort();
    endpoints.push({ index, port, life: 0, child: await startEndpoint(index, 0, port) });
  }
  const port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: {
      app: {
        endpoints: endpoints.map((endpoint) => `127.0.0.1:${endpoint.port}`),
        connectTimeout: '10s',
        ejection: { baseTime: '20ms', maxTime: '100ms' },
      },
    },
  });
  const args = [port, seed, activeMax, silentMax].map(String);
  fleet = killWithUs(fork(join(programs, 'fleet.js'), args));
  await once(fleet, 'message');
});

after(async () => {
  fleet.kill('SIGKILL');
  for (const { child } of endpoints) {
    child.kill('SIGKILL');
  }
  weft.signal('SIGKILL');
  await weft.ended;
});

async function startEndpoint(index: number, life: number, port: number): Promise<ChildProcess> {
  const args = [index, life, port].map(String);
  const child = killWithUs(fork(join(programs, 'endpoint.js'), args));
  await once(child, 'message');
  child.on('message', ({ wrong }: { readonly wrong: string }) => wrongAtEndpoints.push(wrong));
  return child;
}

async function killAndRestart(endpoint: Endpoint): Promise<void> {
  const at = Date.now();
  const exited = once(endpoint.child, 'exit');
  endpoint.child.kill('SIGKILL');
  await exited;
  kills.push({ endpoint: endpoint.index, life: endpoint.life, at, goneAt: Date.now() });
  await sleep(50 + random() * 300);
  endpoint.life += 1;
  endpoint.child = await startEndpoint(endpoint.index, endpoint.life, endpoint.port);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function order(word: 'pause' | 'finish'): Promise<Tally> {
  fleet.send(word);
  const [tally] = (await once(fleet, 'message')) as [Tally];
  return tally;
}

/** A connection is lost with its endpoint's life, or, before it knew it, with one that ended meanwhile. */
function isExplained({ greeting, from, to }: Loss): boolean {
  const slackMs = 100;
  return kills.some(({ endpoint, life, at, goneAt }) =>
    greeting === null
      ? from - slackMs <= goneAt && at <= to + slackMs
      : endpoint === greeting.endpoint && life === greeting.life,
  );
}

/** Endings by reason; every one of them must be expected here. */
function endings(metrics: Metrics): {
  finished: number;
  downstreamReset: number;
  upstreamReset: number;
} {
  const of = (reason: string): number =>
    metrics.value('weft_connection_close_total', { reason, listener: 'web' });
  const counts = {
    finished: of('finished'),
    downstreamReset: of('downstream_reset'),
    upstreamReset: of('upstream_reset'),
  };
  const all = metrics.value('weft_connection_close_total');
  const { finished, downstreamReset, upstreamReset } = counts;
  assert.equal(finished + downstreamReset + upstreamReset, all, metrics.text);
  return counts;
}

/** Fails with the first few. */
function none(found: readonly unknown[]): void {
  assert.equal(found.length, 0, `${found.length}: ${JSON.stringify(found.slice(0, 5), null, 1)}`);
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}

/** Metrics once the proxy has accepted all that the clients opened, and closed all but so many of them. */
function settled(opened: number, openCount: number): Promise<Metrics> {
  const wanted = [opened, openCount, opened - openCount];
  return until(`${wanted.join(', ')} opened, open and closed connections`, async () => {
    const metrics = await weft.metrics();
    const found = [
      metrics.value('tcp_open_total', { peer: 'src' }),
      metrics.value('weft_connections'),
      metrics.value('weft_connection_close_total'),
    ];
    return isDeepStrictEqual(found, wanted) ? metrics : null;
  });
}

function descriptorCount(): number {
  return readdirSync(`/proc/${weft.pid}/fd`).length;
}

function say(t: TestContext, what: string, tally: Tally): void {
  const counts = Object.entries(tally.whole).map(([kind, count]) => `${kind} ${count}`);
  t.diagnostic(
    `${what}: ${tally.opened} connections; ${counts.join(', ')}; lost ${tally.lost.length}`,
  );
}

let descriptorsBefore = 0;
let memoryBefore = 0;

test('without kills: nothing is lost, and each ending has the reason that its clients know', async (t) => {
  t.diagnostic(`WEFT_CHAOS_SEED=${seed}`);
  await weft.metrics();
  descriptorsBefore = descriptorCount();
  memoryBefore = weft.privateDirtyBytes();
  fleet.send('run');
  await sleep((seconds * 1_000) / 3);
  const tally = await order('pause');
  say(t, 'without kills', tally);
  none([...tally.wrong, ...wrongAtEndpoints]);
  none(tally.lost);
  assert.ok(
    Object.values(tally.whole).every((count) => count >= 3),
    'some kinds hardly happened',
  );
  assert.ok(tally.silentOpen >= 100, `${tally.silentOpen} silent ones`);
  const { clientResets, endpointResets, ...orderly } = tally.whole;
  assert.deepEqual(endings(await settled(tally.opened, tally.silentOpen)), {
    finished: sum(orderly),
    downstreamReset: clientResets,
    upstreamReset: endpointResets,
  });
});

test('with kills: each lost connection was on a killed endpoint', async (t) => {
  fleet.send('run');
  const until = Date.now() + (seconds * 2_000) / 3;
  while (Date.now() < until) {
    const endpoint = endpoints[Math.floor(random() * endpoints.length)];
    assert.ok(endpoint);
    await killAndRestart(endpoint);
    await sleep(random() * 500);
  }
  const tally = await order('finish');
  say(t, `with ${kills.length} kills`, tally);
  none([...tally.wrong, ...wrongAtEndpoints]);
  none(tally.lost.filter((loss) => !isExplained(loss)));
  assert.ok(kills.length >= 3 && tally.lost.length > 0, `${kills.length} kills`);

  const metrics = await settled(tally.opened, 0);
  const counts = endings(metrics);
  const { clientResets, endpointResets, ...orderly } = tally.whole;
  const affected = tally.lost.length;
  assert.ok(counts.finished >= sum(orderly), JSON.stringify(counts));
  assert.ok(counts.finished <= sum(orderly) + tally.silentEnded + affected, JSON.stringify(counts));
  assert.ok(counts.downstreamReset <= clientResets + affected, JSON.stringify(counts));
  assert.ok(counts.upstreamReset >= endpointResets - affected, JSON.stringify(counts));
});

test('descriptors, memory and CPU are back where they were', async (t) => {
  await until(
    'the descriptors to be given back',
    () => descriptorCount() <= descriptorsBefore,
    20_000,
  );
  const sanitized = process.env['WEFT_SANITIZE'] !== undefined;
  const tolerated = memoryBefore + 6 * 1024 * 1024;
  await until(
    `memory of ${memoryBefore} B before to come back`,
    () => sanitized || weft.privateDirtyBytes() <= tolerated,
    20_000,
  );
  const cpuBefore = weft.cpuSeconds();
  await sleep(500);
  const share = (weft.cpuSeconds() - cpuBefore) / 0.5;
  t.diagnostic(
    `${descriptorCount()} descriptors (${descriptorsBefore} before), ` +
      `${weft.privateDirtyBytes()} B (${memoryBefore} B before), ${(share * 100).toFixed(0)} % CPU`,
  );
  assert.ok(share < 0.1, `${(share * 100).toFixed(0)} % CPU with nothing to do`);
  assert.equal(weft.isRunning, true);
  assert.equal(weft.stderr, '');
});
