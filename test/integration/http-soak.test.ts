// Requests of all kinds for a while, with a reload each second: bodies of nothing to several MiB, keep-alive, pipelines,
// WebSockets, slow and abrupt clients; then the same while endpoints are killed, paused and started again. No byte is
// wrong, no request lost or doubled, each failure has the cause that was injected, the counters say what the clients
// saw, and descriptors and memory are back where they were. WEFT_SOAK_SECONDS (20) says how long, WEFT_SOAK_SEED
// which one.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { mulberry32 } from '../support/chaos/random.ts';
import { killWithUs } from '../support/kill-with-us.ts';
import { pause } from '../support/soak/asker.ts';
import { judge } from '../support/soak/ledger.ts';
import type { Route } from '../support/soak/plan.ts';
import type { RouteTally, Tally } from '../support/soak/tally.ts';
import { World } from '../support/soak/world.ts';
import { until } from '../support/until.ts';
import { type Metrics, tempFolder, WeftRun } from '../support/weft.ts';

const seconds = Number(process.env['WEFT_SOAK_SECONDS'] ?? 20);
const seed = Number(process.env['WEFT_SOAK_SEED'] ?? Date.now() % 1_000_000);
const laneCount = 24;
/** Reloads, which are seconds. */
const scrapeEach = 15;
const fleetProgram = join(import.meta.dirname, '../support/soak/fleet.js');

/** Of private memory. */
interface Sample {
  readonly at: number;
  readonly bytes: number;
}

let world: World;
let weft: WeftRun;
let fleet: ChildProcess;
let answeredFile = '';
let reloads = 0;
const hangs: unknown[] = [];

before(async () => {
  const folder = tempFolder();
  world = await World.start(mulberry32(seed), folder);
  weft = await WeftRun.start(world.config());
  answeredFile = join(folder, 'answered');
  const args = [world.port, seed, laneCount].map(String);
  fleet = killWithUs(fork(fleetProgram, [...args, answeredFile]));
  await once(fleet, 'message');
  fleet.on('message', (message: object) => {
    if ('hangs' in message) {
      hangs.push(message);
    }
  });
});

after(async () => {
  // A start that fails must end, too.
  fleet?.kill('SIGKILL');
  world?.stop();
  weft?.signal('SIGKILL');
  await weft?.ended;
});

/** The log tells that it is done: asking for the metrics all the time would be most of what JavaScript does. */
async function reload(): Promise<void> {
  const appliedBefore = appliedCount();
  weft.write(world.config());
  weft.signal('SIGHUP');
  await until('a reload', () => appliedCount() > appliedBefore, 20_000);
}

function appliedCount(): number {
  return weft.lines.filter(({ msg }) => msg === 'configuration applied').length;
}

/** For so long, with a reload each second, and a scrape as often as is usual. */
async function reloadEachSecond(milliseconds: number): Promise<Sample[]> {
  const memory: Sample[] = [];
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    const next = Date.now() + 1_000;
    await reload();
    reloads += 1;
    memory.push({ at: Date.now(), bytes: weft.privateDirtyBytes() });
    if (reloads % scrapeEach === 0) {
      await weft.metrics();
    }
    await pause(Math.max(0, Math.min(next, end) - Date.now()));
  }
  return memory;
}

async function pauseFleet(): Promise<Tally> {
  fleet.send('pause');
  for (;;) {
    const [message] = (await once(fleet, 'message')) as [Tally | { readonly hangs: string }];
    if (!('hangs' in message)) {
      return message;
    }
  }
}

/** Fails with the first few. */
function none(found: readonly unknown[]): void {
  assert.equal(found.length, 0, `${found.length}: ${JSON.stringify(found.slice(0, 5), null, 1)}`);
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}

function descriptorCount(): number {
  return readdirSync(`/proc/${weft.pid}/fd`).length;
}

/** Metrics when every connection is closed: those to endpoints wait three seconds for another request. */
function settled(): Promise<Metrics> {
  let text = '';
  return until(
    () => `all gauges to be 0: ${text}`,
    async () => {
      const metrics = await weft.metrics();
      text = metrics.text;
      const gauges = ['weft_connections', 'tcp_open_connections', 'weft_buffered_bytes'];
      const more = ['weft_pending_connections', 'weft_splice_pipes'];
      return [...gauges, ...more].every((gauge) => metrics.value(gauge) === 0) && metrics;
    },
    20_000,
  );
}

function say(t: TestContext, what: string, tally: Tally): void {
  const counts = Object.entries(tally.byRoute).map(
    ([route, { asked, whole, local, cut, unanswered }]) =>
      `${route} ${asked} (${JSON.stringify({ ...whole, ...local, cut, unanswered })})`,
  );
  t.diagnostic(`${what}: ${tally.connections} connections, ${JSON.stringify(tally.kinds)}`);
  t.diagnostic(`${counts.join(', ')}; ${tally.upBytes} B up, ${tally.downBytes} B down`);
}

/** What the proxy has counted of a route is what its clients saw, but for so many that it may have missed. */
function addsUp(metrics: Metrics, route: Route, tally: RouteTally): void {
  const labels = { route_name: `soak/${route}` };
  const near = (what: string, counted: number, least: number, most: number): void => {
    const text = `${what} of ${route}: ${counted}, expected ${least} to ${most}`;
    assert.ok(counted >= least && counted <= most, text);
  };
  const { asked, whole, local, cut, unanswered } = tally;
  const unclear = cut + unanswered;
  near('requests', metrics.value('request_total', labels), asked - unanswered, asked);
  for (const [status, count] of Object.entries(whole)) {
    const own = status === '503' ? sum(local) : 0;
    const answers = metrics.value('response_total', { ...labels, status_code: status });
    near(status, answers, count, count + own + unclear);
  }
  const all = metrics.value('response_total', labels);
  near('responses', all, sum(whole) + sum(local), sum(whole) + sum(local) + unclear);
}

/** The proxy's own answers by reason, but for those of clients that left before they read them. */
function localRepliesAddUp(metrics: Metrics, tally: Tally): void {
  const routes = Object.values(tally.byRoute);
  const unclear = routes.reduce((total, { cut, unanswered }) => total + cut + unanswered, 0);
  const reasons = new Set(routes.flatMap(({ local }) => Object.keys(local)));
  for (const reason of reasons) {
    const seen = routes.reduce((total, { local }) => total + (local[reason] ?? 0), 0);
    const counted = metrics.value('weft_local_replies_total', { reason });
    assert.ok(counted >= seen && counted <= seen + unclear, `${reason}: ${counted}, ${seen} seen`);
  }
}

/** Every reason for which a connection may have ended here. */
function endings(metrics: Metrics, reasons: readonly string[]): void {
  const all = metrics.value('weft_connection_close_total');
  const known = reasons.map((reason) => metrics.value('weft_connection_close_total', { reason }));
  const text = metrics.text.match(/^weft_connection_close_total.* [1-9]\d*$/gm)?.join('\n');
  assert.equal(
    known.reduce((total, count) => total + count, 0),
    all,
    text,
  );
}

/** Both files side by side; and requests were repeated as often as the proxy says. */
function booked(t: TestContext, metrics: Metrics, isExact: boolean): void {
  const { ids, again, answered, wrong } = judge(world.logs, answeredFile);
  const retries = metrics.value('weft_request_retries_total', { result: 'sent' });
  const repeats = retries + metrics.value('weft_request_replays_total');
  t.diagnostic(`endpoints saw ${ids} requests, ${again} repeated; ${answered} answered`);
  t.diagnostic(`${repeats} repeats counted, ${reloads} reloads`);
  none(wrong);
  assert.ok(isExact ? again === repeats : again <= repeats, `${again} of ${repeats} repeats`);
}

let descriptorsBefore = 0;

test('without trouble: nothing is lost, and all is counted', async (t) => {
  t.diagnostic(`WEFT_SOAK_SEED=${seed}`);
  await weft.metrics();
  descriptorsBefore = descriptorCount();
  fleet.send('run');
  const memory = await reloadEachSecond((seconds * 1_000) / 3);
  const tally = await pauseFleet();
  say(t, 'without trouble', tally);
  none([...tally.wrong, ...tally.lost, ...hangs]);
  assert.ok(sum(tally.kinds) === tally.connections && Object.keys(tally.kinds).length === 7);
  const metrics = await settled();
  booked(t, metrics, true);
  for (const [route, counts] of Object.entries(tally.byRoute)) {
    assert.ok(counts.asked >= 10, `${counts.asked} requests of ${route}`);
    addsUp(metrics, route as Route, counts);
  }
  endings(metrics, ['finished', 'downstream_reset', 'downstream_gone']);
  assert.equal(metrics.value('weft_local_replies_total'), 0);
  staysFlat(t, memory, 60_000);
});

test('with trouble: each failure was at an endpoint that was killed or paused', async (t) => {
  fleet.send('run');
  const milliseconds = (seconds * 2_000) / 3;
  const [memory] = await Promise.all([
    reloadEachSecond(milliseconds),
    world.makeTrouble(milliseconds),
  ]);
  await world.recovered();
  const tally = await pauseFleet();
  say(t, `with ${world.troubles.length} troubles`, tally);
  t.diagnostic(`${tally.lost.length} failed`);
  none([...tally.wrong, ...hangs]);
  none(tally.lost.filter((outcome) => !world.explains(outcome)));
  assert.ok(world.troubles.length >= 3, `${world.troubles.length} troubles`);
  const metrics = await settled();
  booked(t, metrics, false);
  for (const [route, counts] of Object.entries(tally.byRoute)) {
    addsUp(metrics, route as Route, counts);
  }
  localRepliesAddUp(metrics, tally);
  endings(metrics, [
    'finished',
    'downstream_reset',
    'downstream_gone',
    'upstream_reset',
    'upstream_closed',
    'response_timeout',
  ]);
  // Every failure of every endpoint has a series of its own, and V8 takes its time to settle with what they need.
  staysFlat(t, memory, 180_000);
});

test('descriptors and CPU are back where they were', async (t) => {
  await until('the descriptors to be given back', () => descriptorCount() <= descriptorsBefore);
  const cpuBefore = weft.cpuSeconds();
  await pause(500);
  const share = (weft.cpuSeconds() - cpuBefore) / 0.5;
  t.diagnostic(`${descriptorCount()} descriptors (${descriptorsBefore} before)`);
  assert.ok(share < 0.1, `${(share * 100).toFixed(0)} % CPU with nothing to do`);
  assert.equal(weft.isRunning, true);
  assert.equal(weft.stderr, '');
});

/** The median of a minute, when all has happened once, and that of the last one: within 5 %. */
function staysFlat(t: TestContext, samples: readonly Sample[], warmUpMs: number): void {
  const first = samples[0]?.at ?? 0;
  const last = samples.at(-1)?.at ?? 0;
  const median = (from: number): number => {
    const bytes = samples.filter(({ at }) => at >= from && at < from + 60_000);
    bytes.sort((left, right) => left.bytes - right.bytes);
    return bytes[Math.floor(bytes.length / 2)]?.bytes ?? 0;
  };
  const minutes: number[] = [];
  for (let at = first; at < last; at += 60_000) {
    minutes.push(median(at));
  }
  t.diagnostic(`private dirty, minute by minute: ${minutes.join(', ')} B`);
  if (last - first >= warmUpMs + 90_000) {
    const [early, late] = [median(first + warmUpMs), median(last - 60_000)];
    assert.ok(late <= early * 1.05, `${early} B became ${late} B`);
  }
}
