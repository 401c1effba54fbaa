// Endpoints that fail are taken out and let back in by connects of the proxy's own: no client pays for finding out,
// and none of it needs JavaScript.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { ClusterConfig } from '../../lib/config/user-config.ts';
import { EndpointProcess } from '../support/endpoint-process.ts';
import { killWithUs } from '../support/kill-with-us.ts';
import { SilentBackend } from '../support/silent-backend.ts';
import { Backend, Client, echo, freePort, resetNow } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const echoing = await Backend.listen(echo);
const app = { dst_cluster: 'app' };
let weft: WeftRun | undefined;
let port = 0;

after(() => echoing.close());

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
  weft = undefined;
});

async function start(cluster: ClusterConfig, workers = 1): Promise<WeftRun> {
  port = await freePort();
  weft = await WeftRun.start({
    workers,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: cluster },
  });
  return weft;
}

/** A new connection with a message; milliseconds from connect to answer. */
async function visit(): Promise<number> {
  const began = performance.now();
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
  return performance.now() - began;
}

test('a black hole costs its connectTimeout once, not at each probe', async (t) => {
  const silent = await SilentBackend.start();
  t.after(() => silent.stop());
  const run = await start({
    endpoints: [silent.address, echoing.address],
    balancer: 'roundRobin',
    connectTimeout: '400ms',
    ejection: { baseTime: '50ms', maxTime: '200ms' },
  });
  const times: number[] = [];
  await until('four probes in vain', async () => {
    times.push(await visit());
    const metrics = await run.metrics();
    return metrics.value('weft_endpoint_probes_total', { ...app, result: 'failure' }) >= 4;
  });
  const slow = times.filter((time) => time > 350);
  assert.equal(slow.length, 1, `${times.map((time) => time.toFixed(0))}`);
  const metrics = await run.metrics();
  assert.equal(
    metrics.value('weft_endpoint_ejections_total', { ...app, reason: 'connect_failures' }),
    1,
  );
  assert.equal(metrics.value('weft_endpoints_ejected', app), 1);
  assert.equal(metrics.value('weft_endpoint_excluded_picks_total', app), 0);
  const { clusters } = JSON.parse((await run.get('/clusters')).text);
  const [hole, good] = clusters[0].endpoints;
  assert.deepEqual([hole.ejected, hole.causes], [true, ['connect_failures']]);
  assert.deepEqual([good.ejected, good.causes], [false, []]);
  assert.equal((await run.logged('endpoint unavailable'))['cause'], 'connect_failures');
});

test('an endpoint that takes connections and drops them is ejected when early closes count', async () => {
  const dropping = await Backend.listen((socket) => socket.once('data', () => resetNow(socket)));
  const run = await start({
    endpoints: [dropping.address, echoing.address],
    balancer: 'roundRobin',
    ejection: {
      earlyClose: '1s',
      consecutiveEarlyCloses: 3,
      baseTime: '1m',
      maxTime: '1m',
    },
  });
  let failed = 0;
  for (let count = 0; count < 40; count++) {
    await visit().catch(() => {
      failed += 1;
    });
  }
  await dropping.close();
  assert.equal(failed, 3);
  const metrics = await run.metrics();
  assert.equal(
    metrics.value('weft_endpoint_ejections_total', { ...app, reason: 'early_closes' }),
    1,
  );
});

test('servers that end at once and mean it stay, unless early closes count', async () => {
  const short = await Backend.listen((socket) => socket.end());
  const run = await start({ endpoints: [short.address] });
  for (let count = 0; count < 20; count++) {
    const client = await Client.connect(port);
    assert.equal(await client.end(), 'end');
  }
  await short.close();
  const metrics = await run.metrics();
  assert.equal(metrics.value('weft_endpoints_ejected', app), 0);
});

test('without a usable endpoint connections fail at once; the first that is back serves', async (t) => {
  const endpoint = await EndpointProcess.start('a');
  t.after(() => endpoint.kill());
  const run = await start({ endpoints: [endpoint.address], failFastAfter: '200ms' }, 2);
  const hello = async (): Promise<string> => {
    const client = await Client.connect(port);
    const greeting = (await client.read(1)).toString();
    client.close();
    return greeting;
  };
  assert.equal(await hello(), 'a');
  await endpoint.kill();
  await until('fail fast', async () => {
    await hello().catch(() => undefined);
    return (await run.metrics()).value('weft_fail_fast_total', app) >= 5;
  });
  await endpoint.restart();
  const began = performance.now();
  await until('an answer', () => hello().catch(() => null));
  assert.ok(performance.now() - began < 2_000, `${(performance.now() - began).toFixed(0)} ms`);
  await run.logged('endpoint available again');
});

async function says(child: ChildProcess, word: string): Promise<void> {
  const [message] = (await once(child, 'message')) as [string];
  assert.equal(message, word);
}

test('with JavaScript blocked an endpoint that dies is left out and one that is back is used', async (t) => {
  const endpoints = await Promise.all(['a', 'b'].map((name) => EndpointProcess.start(name)));
  const [, dying] = endpoints;
  assert.ok(dying);
  port = await freePort();
  const program = join(import.meta.dirname, '../support/blocked-program.js');
  const cluster = { endpoints: endpoints.map(({ address }) => address) };
  const child = killWithUs(fork(program, [String(port), JSON.stringify(cluster)]));
  t.after(async () => {
    child.kill('SIGKILL');
    await Promise.all(endpoints.map((endpoint) => endpoint.kill()));
  });
  await says(child, 'ready');
  const who = async (): Promise<string> => {
    const client = await Client.connect(port);
    const name = (await client.read(1)).toString();
    client.close();
    return name;
  };
  const seen = async (count: number): Promise<Set<string>> => {
    const names = new Set<string>();
    for (let visits = 0; visits < count; visits++) {
      names.add(await who());
    }
    return names;
  };
  assert.deepEqual([...(await seen(40))].sort(), ['a', 'b']);
  let isBlocked = true;
  // Longer than the test needs, however busy the machine is; the program is killed at its end.
  child.send(60_000);
  await says(child, 'blocking');
  child.once('message', () => {
    isBlocked = false;
  });
  await dying.kill();
  assert.deepEqual([...(await seen(100))], ['a'], 'each of them is answered');
  await dying.restart();
  await until('the endpoint that is back', async () => (await who()) === 'b');
  assert.ok(isBlocked, 'all that while JavaScript was blocked');
});
