// Limits of a cluster hold over all workers: exactly so many connections, whoever accepts them, also while limits
// change under load, and endpoints that are full get nothing while others have room.

import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import type { ClusterConfig, UserConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const names = ['a', 'b', 'c'] as const;
const backends = await Promise.all(names.map((name) => Backend.listen(greet(name))));
const endpoints = backends.map(({ address }) => address);
const clients = new Set<Client>();
let weft: WeftRun;
let port = 0;

after(() => Promise.all(backends.map((backend) => backend.close())));

afterEach(async () => {
  for (const client of clients) {
    client.close();
  }
  clients.clear();
  weft?.signal('SIGKILL');
  await weft?.ended;
});

function configOf(cluster: Partial<ClusterConfig>): UserConfig {
  return {
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', protocol: 'opaque' }],
    clusters: { app: { endpoints, ...cluster } },
  };
}

async function start(cluster: Partial<ClusterConfig>): Promise<WeftRun> {
  port = await freePort();
  weft = await WeftRun.start(configOf(cluster));
  return weft;
}

/** The name of the backend that greets; null: turned away. */
async function visit(): Promise<{ readonly client: Client; readonly name: string } | null> {
  const client = await Client.connect(port).catch(() => null);
  const name = await client?.read(1).catch(() => null);
  if (!client || !name) {
    return null;
  }
  clients.add(client);
  return { client, name: name.toString() };
}

/** How many get in when so many come at once. */
async function burst(count: number): Promise<readonly string[]> {
  const visits = await Promise.all(Array.from({ length: count }, () => visit()));
  return visits.flatMap((one) => (one === null ? [] : [one.name]));
}

function refusals(limit: string): Promise<number> {
  return weft
    .metrics()
    .then((metrics) =>
      metrics.value('weft_cluster_limit_refusals_total', { dst_cluster: 'app', limit }),
    );
}

/** Ends so many connections and waits until they are no longer counted. */
async function leave(count: number): Promise<void> {
  const after = clients.size - count;
  for (const client of [...clients].slice(0, count)) {
    clients.delete(client);
    client.close();
  }
  await until('the connections to be over', async () => {
    const metrics = await weft.metrics();
    return metrics.value('weft_connections', {}) === after;
  });
}

test('a burst over two workers gets exactly connectionsMax in', async () => {
  await start({ connectionsMax: 20 });
  assert.equal((await burst(60)).length, 20);
  assert.equal(await refusals('connections'), 40);
  await leave(7);
  assert.equal((await burst(30)).length, 7);
});

test('full endpoints are left out, and one that has room again is found', async () => {
  await start({ endpointConnectionsMax: 5 });
  const inside = await burst(40);
  for (const name of names) {
    assert.equal(inside.filter((one) => one === name).length, 5, name);
  }
  assert.equal(await refusals('endpoint_connections'), 25);
  for (let turn = 0; turn < 20; turn++) {
    await leave(1);
    assert.notEqual(await visit(), null, `turn ${turn}`);
    assert.equal(await visit(), null);
  }
});

test('limits change under open connections', async () => {
  await start({});
  assert.equal((await burst(12)).length, 12);
  assert.equal(await weft.reload(configOf({ connectionsMax: 15 })), 'success');
  assert.equal((await burst(10)).length, 3, 'those from before count');
  assert.equal(await weft.reload(configOf({ connectionsMax: 10 })), 'success');
  await leave(5);
  assert.equal(await visit(), null, 'ten are inside');
  await leave(1);
  assert.notEqual(await visit(), null);
  assert.equal(await weft.reload(configOf({})), 'success');
  assert.equal((await burst(20)).length, 20);
});
