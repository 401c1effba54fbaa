// Health checks: an endpoint that stops answering is left out before a connection finds out, one that answers again
// is used again, all workers know, and none of it needs JavaScript or a connection.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { ClusterConfig } from '../../lib/config/user-config.ts';
import { EndpointProcess } from '../support/endpoint-process.ts';
import { killWithUs } from '../support/kill-with-us.ts';
import { SilentBackend } from '../support/silent-backend.ts';
import { Backend, Client, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const steady = await Backend.listen(greet('s'));
const app = { dst_cluster: 'app' };
const healthCheck = { interval: '100ms', timeout: '1s', consecutiveFailures: 2 } as const;
let weft: WeftRun | undefined;
let port = 0;

after(() => steady.close());

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
  weft = undefined;
});

async function start(cluster: ClusterConfig): Promise<WeftRun> {
  port = await freePort();
  weft = await WeftRun.start(configOf(cluster));
  return weft;
}

function configOf(cluster: ClusterConfig) {
  return {
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { balancer: 'roundRobin', protocol: 'opaque', ejection: null, ...cluster } },
  } as const;
}

/** Who answers a new connection. */
async function who(): Promise<string> {
  const client = await Client.connect(port);
  const name = (await client.read(1)).toString();
  client.close();
  return name;
}

async function seen(count: number): Promise<string> {
  const names = new Set<string>();
  for (let visits = 0; visits < count; visits++) {
    names.add(await who());
  }
  return [...names].sort().join('');
}

async function unhealthy(run: WeftRun): Promise<number> {
  return (await run.metrics()).value('weft_endpoints_unhealthy', app);
}

test('an endpoint that stops answering is left out before a connection finds out', async (t) => {
  const endpoint = await EndpointProcess.start('e');
  t.after(() => endpoint.kill());
  const run = await start({ endpoints: [endpoint.address, steady.address], healthCheck });
  assert.equal(await seen(20), 'es');
  await endpoint.kill();
  await until('the verdict', async () => (await unhealthy(run)) === 1);
  assert.equal(await seen(60), 's');
  const metrics = await run.metrics();
  assert.equal(metrics.value('weft_connect_failures_total'), 0, metrics.text);
  assert.equal(metrics.value('weft_endpoints_ejected', app), 0);
  assert.equal(metrics.value('weft_endpoint_excluded_picks_total', app), 0);
  assert.ok(metrics.value('weft_health_checks_total', { ...app, result: 'failure' }) >= 2);
  assert.ok(metrics.value('weft_health_checks_total', { ...app, result: 'success' }) >= 2);
  const { clusters } = JSON.parse((await run.get('/clusters')).text);
  const [dead, good] = clusters[0].endpoints;
  assert.deepEqual([dead.causes, good.causes], [['health_check'], []]);
  assert.equal((await run.logged('endpoint unavailable'))['cause'], 'health_check');

  await endpoint.restart();
  await until('it to be used again', async () => (await who()) === 'e');
  assert.equal((await run.logged('endpoint available again'))['cause'], 'health_check');
  assert.equal(await unhealthy(run), 0);
  assert.equal(await seen(40), 'es');
});

test('a black hole costs no connection its connectTimeout', async (t) => {
  const silent = await SilentBackend.start();
  t.after(() => silent.stop());
  const run = await start({
    endpoints: [silent.address, steady.address],
    connectTimeout: '5s',
    healthCheck: { ...healthCheck, timeout: '100ms' },
  });
  await until('the verdict', async () => (await unhealthy(run)) === 1);
  const began = performance.now();
  assert.equal(await seen(40), 's');
  assert.ok(performance.now() - began < 4_000);
});

test('checks follow a reload, and what they found out ends with them', async (t) => {
  const endpoint = await EndpointProcess.start('e');
  t.after(() => endpoint.kill());
  const endpoints = [endpoint.address, steady.address];
  const run = await start({ endpoints });
  await endpoint.kill();
  assert.equal(await unhealthy(run), 0);
  assert.equal((await run.metrics()).value('weft_health_checks_total', app), 0);
  await run.reload(configOf({ endpoints, healthCheck }));
  await until('the verdict', async () => (await unhealthy(run)) === 1);
  await run.reload(configOf({ endpoints, healthCheck: { ...healthCheck, timeout: '2s' } }));
  assert.equal(await unhealthy(run), 1, 'other settings do not forget it');
  await run.reload(configOf({ endpoints: [steady.address], healthCheck }));
  await until(
    'the endpoint that is gone to be forgotten',
    async () => (await unhealthy(run)) === 0,
  );
  await run.reload(configOf({ endpoints, healthCheck }));
  await until('the verdict again', async () => (await unhealthy(run)) === 1);
  await run.reload(configOf({ endpoints }));
  await until('the verdict to end with the checks', async () => (await unhealthy(run)) === 0);
});

async function says(child: ChildProcess, word: string): Promise<void> {
  const [message] = (await once(child, 'message')) as [string];
  assert.equal(message, word);
}

test('JavaScript that blocks does not stop them', async (t) => {
  const endpoint = await EndpointProcess.start('e');
  t.after(() => endpoint.kill());
  port = await freePort();
  const program = join(import.meta.dirname, '../support/blocked-program.js');
  const endpoints = [endpoint.address, steady.address];
  // In turn: by latency, one slow connect keeps an endpoint that is back out for seconds.
  const balancer = 'roundRobin';
  const cluster = { endpoints, balancer, protocol: 'opaque', healthCheck, ejection: null };
  const child = killWithUs(fork(program, [String(port), JSON.stringify(cluster)]));
  t.after(() => child.kill('SIGKILL'));
  await says(child, 'ready');
  assert.equal(await seen(40), 'es');
  let isBlocked = true;
  child.send(60_000);
  await says(child, 'blocking');
  child.once('message', () => {
    isBlocked = false;
  });
  await endpoint.kill();
  // Longer than it takes to fail twice; no connection helps.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal(await seen(40), 's');
  await endpoint.restart();
  await until('the endpoint that is back', async () => (await who()) === 'e');
  assert.ok(isBlocked, 'all that while JavaScript was blocked');
});
