// The end of a proxy: not ready at once, open connections finish, the deadline resets what is left.

import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import type { DrainConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, echo, freePort, isRefused } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const backend = await Backend.listen(echo);
let weft: WeftRun | null = null;
let port = 0;

after(() => backend.close());

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
});

async function start(drain: DrainConfig): Promise<WeftRun> {
  port = await freePort();
  weft = await WeftRun.start({
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [backend.address] } },
    drain,
    log: { accessLog: true },
  });
  return weft;
}

async function talking(): Promise<Client> {
  const client = await Client.connect(port);
  assert.equal(await client.exchange('hello'), 'hello');
  return client;
}

test('SIGTERM: not ready at once, no new connection, open ones finish, then it ends with 0', async () => {
  const run = await start({ deadline: '30s' });
  const client = await talking();
  run.signal('SIGTERM');
  await run.logged('draining');
  assert.equal((await run.get('/ready')).status, 503);
  await until('new connections to be refused', () => isRefused(port));
  assert.equal(await client.exchange('still'), 'still');
  client.socket.end();
  assert.equal(await client.end(), 'end');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.equal((await run.logged('drained'))['forcedCount'], 0);
});

test('with listeners kept, new connections are taken while it drains', async () => {
  const run = await start({ deadline: '30s', listeners: 'keep' });
  const first = await talking();
  run.signal('SIGTERM');
  await run.logged('draining');
  assert.equal((await run.get('/ready')).status, 503);
  const second = await talking();
  first.close();
  second.close();
});

test('what is open at the deadline is reset, with its reason', async () => {
  const run = await start({ deadline: '300ms' });
  const client = await talking();
  run.signal('SIGTERM');
  assert.equal(await client.end(), 'reset');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.equal((await run.logged('drained'))['forcedCount'], 1);
  await run.logged('connection closed', (line) => line['closeReason'] === 'drain_deadline');
});

test('a second signal stops at once', async () => {
  const run = await start({ deadline: '60s' });
  const client = await talking();
  run.signal('SIGTERM');
  await run.logged('draining');
  const began = performance.now();
  run.signal('SIGTERM');
  assert.equal(await client.end(), 'reset');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.ok(performance.now() - began < 5_000);
});

test('nothing open: it ends at once', async () => {
  const run = await start({ deadline: '60s' });
  const began = performance.now();
  assert.deepEqual(await run.stop(), { code: 0, signal: null });
  assert.ok(performance.now() - began < 5_000);
});
