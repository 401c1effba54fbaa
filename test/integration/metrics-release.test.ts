// Metrics of what left the configuration, with real workers and a clock that a test moves: the series goes, the workers
// use its memory again, and a name that comes back starts from nothing.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { WeftProxy } from '../../lib/app/proxy.ts';
import type { Config } from '../../lib/config/config.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';
import { configOf, resolvedCluster, resolvedListener } from '../support/configs.ts';
import { http } from '../support/http.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { Metrics } from '../support/weft.ts';

const backends = [await Backend.listen(echo), await Backend.listen(echo)] as const;
const [first, second] = backends.map(({ address }) => address) as [string, string];
const port = await freePort();
const clock = new ManualClock();
const log = new MemoryLog();
const build = { version: 'test' };
const proxy = new WeftProxy({ addon: loadAddon(), log, clock, build, onShutdown: () => undefined });

after(async () => {
  await proxy.stop();
  await Promise.all(backends.map((backend) => backend.close()));
});

function configWith(address: string): Config {
  return configOf({
    workerCount: 1,
    listeners: [resolvedListener({ address: `127.0.0.1:${port}` })],
    clusters: [resolvedCluster({ endpoints: [{ address, weight: 1, zone: null }] })],
    admin: { address: '127.0.0.1:0', shutdown: false },
  });
}

async function scrape(): Promise<Metrics> {
  return new Metrics((await http(proxy.adminAddress ?? '', '/metrics')).text);
}

async function knock(): Promise<void> {
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
}

async function opens(address: string): Promise<number> {
  return (await scrape()).value('tcp_open_total', { peer: 'dst', target_addr: address });
}

function shows(metrics: Metrics, address: string): boolean {
  return metrics.text.includes(`target_addr="${address}"`);
}

/** Moves the clock until a sweep has run, and waits for what it publishes. */
async function later(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('an endpoint that left goes from the metrics after ten minutes, and starts anew', async () => {
  await proxy.start(configWith(first));
  await knock();
  await knock();
  assert.equal(await opens(first), 2);
  assert.deepEqual(await proxy.reload(async () => configWith(second)), { result: 'applied' });
  await knock();
  await until('no connection to the first endpoint', async () => {
    const labels = { target_addr: first };
    return (await scrape()).value('tcp_open_connections', labels) === 0;
  });
  // Workers run on the real clock: one lets go of an endpoint within a second of its last connection.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await later(9);
  assert.ok(shows(await scrape(), first), 'it is kept for ten minutes');
  const before = (await scrape()).value('weft_config_revision', { state: 'applied' });
  await later(3);
  assert.ok(!shows(await scrape(), first));
  assert.equal(await opens(second), 1);
  await until('the release to be applied', async () => {
    clock.advance(100);
    return (await scrape()).value('weft_config_revision', { state: 'applied' }) > before;
  });
  await proxy.reload(async () => configWith(first));
  await knock();
  assert.equal(await opens(first), 1);
  assert.equal(await opens(second), 1);
});

test('how long is a setting, which a reload changes', async () => {
  const metrics = { expireAfterMs: 10_000 };
  await proxy.reload(async () => ({ ...configWith(second), metrics }));
  await until('no connection to the first endpoint', async () => {
    return (await scrape()).value('tcp_open_connections', { target_addr: first }) === 0;
  });
  assert.ok(shows(await scrape(), first));
  // The sweep that was planned under the old setting is up to a minute away.
  clock.advance(60_000);
  assert.ok(!shows(await scrape(), first));
});

test('endpoints that come and go forty times leave no more behind than one', async () => {
  for (let round = 0; round < 40; round++) {
    await proxy.reload(async () => configWith(round % 2 === 0 ? first : second));
    await knock();
    await later(12);
    clock.advance(1_000);
  }
  const metrics = await scrape();
  assert.equal(metrics.value('weft_metric_runs_overflowed_total'), 0);
  const series = metrics.text.split('\n').filter((line) => line.startsWith('tcp_open_total'));
  assert.ok(series.length <= 3, series.join('\n'));
});
