// Endpoints that do not answer, refuse, or die under load: a new connection goes to another one, and of the open ones
// only those of the dead endpoint fail.

import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import type { ClusterConfig } from '../../lib/config/user-config.ts';
import { EndpointProcess } from '../support/endpoint-process.ts';
import { SilentBackend } from '../support/silent-backend.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const echoing = await Backend.listen(echo);
let weft: WeftRun;
let port = 0;

after(() => echoing.close());

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
});

async function start(cluster: ClusterConfig): Promise<void> {
  port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: cluster },
  });
}

test('an endpoint that does not answer costs its connectTimeout, then another is tried', async () => {
  const silent = await SilentBackend.start();
  await start({
    endpoints: [silent.address, echoing.address],
    balancer: 'roundRobin',
    connectTimeout: '100ms',
    ejection: { baseTime: '1ms', maxTime: '1ms' },
  });
  const times: number[] = [];
  for (let count = 0; count < 10; count++) {
    const began = performance.now();
    const client = await Client.connect(port);
    assert.equal(await client.exchange('x'), 'x');
    times.push(performance.now() - began);
    client.close();
  }
  silent.stop();
  const slowest = Math.max(...times);
  assert.ok(slowest >= 90, `the silent endpoint was never tried: ${slowest.toFixed(0)} ms`);
  assert.ok(slowest < 1_000, `${slowest.toFixed(0)} ms`);
  const metrics = await weft.metrics();
  assert.ok(metrics.value('weft_connect_retries_total') >= 1);
  assert.equal(metrics.value('weft_connection_close_total', { reason: 'connect_timeout' }), 0);
});

test('endpoints that refuse: every client gets the one that lives, with its bytes in order', async () => {
  const dead = await Promise.all([freePort(), freePort()]);
  await start({
    endpoints: [...dead.map((one) => `127.0.0.1:${one}`), echoing.address],
    balancer: 'random',
    ejection: { baseTime: '1ms', maxTime: '1ms' },
  });
  for (let count = 0; count < 50; count++) {
    const client = await Client.connect(port);
    // Sent before any endpoint is connected.
    assert.equal(await client.exchange(`first bytes of ${count}`), `first bytes of ${count}`);
    client.close();
  }
  const metrics = await weft.metrics();
  assert.ok(metrics.value('weft_connect_failures_total') >= 10);
  assert.equal(metrics.value('weft_connection_close_total', { reason: 'connect_refused' }), 0);
});

/** Connections that exchange messages until they are told to stop; each knows its endpoint by the greeting. */
class Fleet {
  readonly failures: { readonly endpoint: string; readonly at: number; readonly text: string }[] =
    [];
  readonly exchanges = new Map<string, number>();
  #isStopping = false;
  readonly #loops: readonly Promise<void>[];

  constructor(to: number, size: number) {
    this.#loops = Array.from({ length: size }, (_, index) => this.#loop(to, index % 2 === 0));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
  }

  /** Half of the connections are made anew after a few messages. */
  async #loop(to: number, lasting: boolean): Promise<void> {
    while (!this.#isStopping) {
      let endpoint = '';
      let client: Client | null = null;
      try {
        client = await Client.connect(to);
        endpoint = (await client.read(1)).toString();
        for (let count = 0; (lasting || count < 10) && !this.#isStopping; count++) {
          const text = `${count}-${'x'.repeat(count % 300)}`;
          assert.equal(await client.exchange(text), text);
          this.exchanges.set(endpoint, (this.exchanges.get(endpoint) ?? 0) + 1);
        }
        client.socket.end();
        assert.equal(await client.end(), 'end');
      } catch (error) {
        this.failures.push({ endpoint, at: performance.now(), text: String(error) });
      }
      client?.close();
    }
  }
}

test('kill -9 of an endpoint under load: only its own connections fail', async () => {
  const endpoints = await Promise.all(['a', 'b', 'c'].map((name) => EndpointProcess.start(name)));
  const [, dying] = endpoints;
  assert.ok(dying);
  await start({
    endpoints: endpoints.map(({ address }) => address),
    balancer: 'roundRobin',
    ejection: { baseTime: '20ms', maxTime: '100ms' },
  });
  const fleet = new Fleet(port, 60);
  const busy = (name: string, more: number): Promise<boolean> => {
    const before = fleet.exchanges.get(name) ?? 0;
    return until(`traffic of ${name}`, () => (fleet.exchanges.get(name) ?? 0) >= before + more);
  };
  await Promise.all(['a', 'b', 'c'].map((name) => busy(name, 500)));
  const killedAt: number[] = [];
  for (let round = 0; round < 3; round++) {
    killedAt.push(performance.now());
    await dying.kill();
    await Promise.all(['a', 'c'].map((name) => busy(name, 1_000)));
    await dying.restart();
    await busy('b', 200);
  }
  await fleet.stop();
  const failed = fleet.failures.filter(({ endpoint }) => endpoint === 'b');
  assert.ok(failed.length >= 3, `${failed.length} connections of the killed endpoint failed`);
  // One whose greeting was still on its way belonged to the killed endpoint as well; it fails with the kill, not
  // later.
  const others = fleet.failures.filter(({ endpoint }) => endpoint === 'a' || endpoint === 'c');
  assert.deepEqual(others, []);
  const stray = fleet.failures.filter(
    ({ endpoint, at }) =>
      endpoint === '' && !killedAt.some((killed) => at >= killed && at < killed + 500),
  );
  assert.deepEqual(stray, []);
  const metrics = await weft.metrics();
  assert.equal(metrics.value('weft_connection_close_total', { reason: 'connect_refused' }), 0);
  assert.equal(metrics.value('weft_connection_close_total', { reason: 'no_endpoint' }), 0);
  for (const endpoint of endpoints) {
    await endpoint.kill();
  }
});
