// The admin server of a running proxy: what it shows is what happens.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Backend, Client, echo, freePort, isRefused } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

let backend: Backend;
let weft: WeftRun;
let port = 0;

before(async () => {
  backend = await Backend.listen(echo);
  port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [{ address: backend.address, weight: 3 }] } },
  });
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  await backend.close();
});

interface Connections {
  readonly connections: readonly Readonly<Record<string, unknown>>[];
  readonly truncated: boolean;
}

interface Clusters {
  readonly clusters: readonly {
    readonly name: string;
    readonly endpoints: readonly {
      readonly address: string;
      readonly weight: number;
      readonly available: boolean;
      readonly connectionsNow: number;
      readonly workers: readonly { readonly connectionsNow: number }[];
    }[];
  }[];
}

test('/connections shows an open connection with its bytes, and not when it has ended', async () => {
  const client = await Client.connect(port);
  await client.exchange('0123456789');
  const { connections } = await weft.json<Connections>('/connections');
  assert.equal(connections.length, 1);
  const [shown] = connections;
  const { localPort } = client.socket;
  assert.equal(shown?.['downstreamAddress'], `127.0.0.1:${localPort}`);
  assert.equal(shown?.['upstreamAddress'], backend.address);
  assert.equal(shown?.['listener'], 'web');
  assert.equal(shown?.['cluster'], 'app');
  assert.equal(shown?.['endpoint'], backend.address);
  assert.equal(shown?.['state'], 'open');
  assert.equal(shown?.['downstreamReadBytes'], 10);
  assert.equal(shown?.['upstreamReadBytes'], 10);
  client.close();
  await until('the connection to be gone', async () => {
    return (await weft.json<Connections>('/connections')).connections.length === 0;
  });
});

test('/connections shows what a filter wants', async () => {
  const clients = await Promise.all(Array.from({ length: 3 }, () => Client.connect(port)));
  await Promise.all(clients.map((client) => client.exchange('x')));
  const own = clients[0]?.socket.localPort;
  const count = async (query: string): Promise<number> =>
    (await weft.json<Connections>(`/connections?${query}`)).connections.length;
  await until('the connections of other tests to be gone', async () => (await count('')) === 3);
  assert.equal(await count('listener=web&cluster=app&state=open&direction=outbound'), 3);
  assert.equal(await count('direction=inbound'), 0);
  assert.equal(await count('state=closing'), 0);
  assert.equal(await count('protocol=opaque'), 3);
  assert.equal(await count('protocol=http1'), 0);
  assert.equal(await count('olderThan=1h'), 0);
  assert.equal(await count('olderThan=1ms'), 3);
  assert.equal(await count(`address=127.0.0.1:${own}`), 1);
  assert.equal(await count(`address=${backend.address}`), 3);
  assert.equal(await count('address=127.0.0.1'), 3);
  assert.equal(await count('address=127.0.0.2'), 0);
  assert.equal((await weft.get('/connections?listener=wep')).status, 400);
  const [shown] = (await weft.json<Connections>('/connections?limit=1')).connections;
  assert.equal(shown?.['direction'], 'outbound');
  for (const client of clients) {
    client.close();
  }
});

test('/connections is cut at its limit and says so', async () => {
  const clients = await Promise.all(Array.from({ length: 4 }, () => Client.connect(port)));
  await Promise.all(clients.map((client) => client.exchange('x')));
  const page = await weft.json<Connections>('/connections?limit=3');
  assert.equal(page.connections.length, 3);
  assert.equal(page.truncated, true);
  for (const client of clients) {
    client.close();
  }
});

test('/clusters shows endpoints with their connections, summed over the workers', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => Client.connect(port)));
  await Promise.all(clients.map((client) => client.exchange('x')));
  await until('six connections to be shown', async () => {
    const { clusters } = await weft.json<Clusters>('/clusters');
    const endpoint = clusters[0]?.endpoints[0];
    assert.equal(clusters[0]?.name, 'app');
    assert.equal(endpoint?.address, backend.address);
    assert.equal(endpoint?.weight, 3);
    assert.equal(endpoint?.available, true);
    const parts = endpoint?.workers.map(({ connectionsNow }) => connectionsNow) ?? [];
    assert.equal(
      endpoint?.connectionsNow,
      parts.reduce((sum, part) => sum + part, 0),
    );
    return endpoint?.connectionsNow === 6;
  });
  for (const client of clients) {
    client.close();
  }
});

test('/config shows every default and equal revisions', async () => {
  interface Shown {
    readonly desiredRevision: number;
    readonly appliedRevision: number;
    readonly config: { readonly listeners: readonly { readonly idleTimeoutMs: number }[] };
  }
  const shown = await weft.json<Shown>('/config');
  assert.ok(shown.appliedRevision >= 1);
  assert.equal(shown.desiredRevision, shown.appliedRevision);
  assert.equal(shown.config.listeners[0]?.idleTimeoutMs, 3_600_000);
});

test('nothing on the admin port shows the environment', async () => {
  const environment = readFileSync(`/proc/${weft.pid}/environ`, 'utf8').split('\0');
  const path = environment.find((entry) => entry.startsWith('PATH='))?.slice(5) ?? '';
  assert.ok(path.length > 5);
  for (const page of ['/', '/config', '/clusters', '/connections', '/metrics', '/env.json']) {
    assert.ok(!(await weft.get(page)).text.includes(path), page);
  }
});

test('/log-level changes what is logged', async () => {
  assert.equal((await weft.get('/log-level')).text, 'info\n');
  const set = await weft.get('/log-level', { method: 'PUT', body: 'silent' });
  assert.equal(set.status, 200);
  assert.equal((await weft.get('/log-level')).text, 'silent\n');
  await weft.get('/log-level', { method: 'PUT', body: 'info' });
});

test('/shutdown is off by default', async () => {
  assert.equal((await weft.get('/shutdown', { method: 'POST' })).status, 403);
  assert.ok(weft.isRunning);
});

test('POST /drain lets open connections finish and keeps the process; it is last', async () => {
  const client = await Client.connect(port);
  await client.exchange('x');
  assert.equal((await weft.get('/drain?deadline=20s', { method: 'POST' })).status, 202);
  assert.equal((await weft.get('/ready')).status, 503);
  assert.equal((await weft.get('/live')).status, 200);
  await until('the listener to be closed', () => isRefused(port));
  assert.equal(await client.exchange('still'), 'still');
  client.socket.end();
  assert.equal(await client.end(), 'end');
  await weft.logged('drained');
  assert.ok(weft.isRunning);
  assert.equal((await weft.metrics()).value('weft_draining'), 1);
});

test('POST /shutdown drains and ends the process with 0 where it is allowed', async () => {
  const other = await WeftRun.start({
    listeners: [{ address: `127.0.0.1:${await freePort()}`, cluster: 'app' }],
    clusters: { app: { endpoints: [backend.address] } },
    admin: { shutdown: true },
  });
  assert.equal((await other.get('/shutdown', { method: 'POST' })).status, 202);
  assert.deepEqual(await other.ended, { code: 0, signal: null });
});
