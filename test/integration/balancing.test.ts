// Balancers over real sockets: one endpoint for all connections of a source address, across workers, restarts and
// reloads; a load bound; the own zone first.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, test } from 'node:test';
import type { ClusterConfig, UserConfig } from '../../lib/config/user-config.ts';
import { Backend, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const letters = 'abcdefgh'.split('');
const backends = await Promise.all(letters.map((letter) => Backend.listen(greet(letter))));
const addresses = backends.map(({ address }) => address);
const clients = Array.from({ length: 40 }, (_, index) => `127.0.0.${10 + index}`);
const open = new Set<Socket>();
let weft: WeftRun;
let port = 0;

after(() => Promise.all(backends.map((backend) => backend.close())));

afterEach(async () => {
  for (const socket of open) {
    socket.destroy();
  }
  open.clear();
  weft?.signal('SIGKILL');
  await weft?.ended;
});

function configOf(cluster: ClusterConfig, extra: Partial<UserConfig> = {}): UserConfig {
  return {
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: cluster },
    ...extra,
  };
}

/** The letter of the endpoint behind a new connection, which stays open. */
async function letterFor(localAddress: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  open.add(socket);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString();
}

/** The endpoint of each client; fails when a client has two. */
async function lettersOfAll(connectionsEach: number): Promise<string[]> {
  const found: string[] = [];
  for (const client of clients) {
    const own = new Set<string>();
    for (let i = 0; i < connectionsEach; i++) {
      own.add(await letterFor(client));
    }
    assert.equal(own.size, 1, `${client} has ${[...own].join(' and ')}`);
    found.push(...own);
  }
  return found;
}

interface WorkerView {
  readonly workers: readonly { readonly connectionsNow: number }[];
}

for (const type of ['ringHash', 'maglev'] as const) {
  test(`${type}: a source address has one endpoint, in both workers and after a restart`, async () => {
    port = await freePort();
    weft = await WeftRun.start(configOf({ endpoints: addresses, balancer: type }));
    const before = await lettersOfAll(4);
    assert.ok(new Set(before).size >= 5, `spread over few endpoints: ${before.join('')}`);
    const { clusters } = await weft.json<{ clusters: { endpoints: WorkerView[] }[] }>('/clusters');
    const counts = (clusters[0]?.endpoints ?? []).map(({ workers }) =>
      workers.map(({ connectionsNow }) => connectionsNow),
    );
    const both = counts.filter((each) => each.filter((count) => count > 0).length === 2);
    assert.ok(both.length >= 3, `connections of both workers: ${JSON.stringify(counts)}`);
    weft.signal('SIGKILL');
    await weft.ended;
    // In another order, as a source of endpoints may list them.
    const endpoints = [...addresses].reverse();
    weft = await WeftRun.start(configOf({ endpoints, balancer: type }));
    assert.deepEqual(await lettersOfAll(2), before);
  });

  test(`${type}: an endpoint that leaves moves its own clients only, and gets them back`, async () => {
    port = await freePort();
    weft = await WeftRun.start(configOf({ endpoints: addresses, balancer: type }));
    const before = await lettersOfAll(1);
    const gone = before[0] ?? '';
    const endpoints = addresses.filter((_, index) => letters[index] !== gone);
    assert.equal(await weft.reload(configOf({ endpoints, balancer: type })), 'success');
    const meanwhile = await lettersOfAll(1);
    const moved = clients.filter((_, index) => before[index] !== meanwhile[index]);
    const own = clients.filter((_, index) => before[index] === gone);
    for (const client of own) {
      assert.ok(moved.includes(client), `${client} had ${gone}`);
    }
    // Maglev may move a key in a hundred more.
    assert.ok(moved.length <= own.length + 1, `${moved.length} moved, ${own.length} had to`);
    const all = configOf({ endpoints: addresses, balancer: type });
    assert.equal(await weft.reload(all), 'success');
    assert.deepEqual(await lettersOfAll(1), before);
  });

  test(`${type}: with a load bound one client spreads over its endpoint and the next`, async () => {
    port = await freePort();
    const balancer = { type, loadBound: 1.25 };
    weft = await WeftRun.start(configOf({ endpoints: addresses, balancer }, { workers: 1 }));
    const counts = new Map<string, number>();
    for (let i = 0; i < 80; i++) {
      const letter = await letterFor('127.0.0.1');
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    // 1.25 times 80 connections over 8 endpoints, rounded up.
    assert.ok(Math.max(...counts.values()) <= 13, JSON.stringify([...counts]));
  });
}

test('connections stay in the zone of WEFT_ZONE, and leave when nothing there answers', async () => {
  port = await freePort();
  const dead = await freePort();
  const near = await Backend.listen(greet('n'));
  const endpoints = [
    { address: near.address, zone: 'eu-1a' },
    ...addresses.slice(0, 3).map((address) => ({ address, zone: 'eu-1b' })),
  ];
  const config = configOf({ endpoints, ejection: { baseTime: '1h', maxTime: '1h' } });
  weft = await WeftRun.start(config, [], { env: { WEFT_ZONE: 'eu-1a' } });
  for (let i = 0; i < 30; i++) {
    assert.equal(await letterFor('127.0.0.1'), 'n');
  }
  const moved = endpoints.map((endpoint, index) =>
    index === 0 ? { ...endpoint, address: `127.0.0.1:${dead}` } : endpoint,
  );
  const ejection = { baseTime: '1h', maxTime: '1h' };
  assert.equal(await weft.reload(configOf({ endpoints: moved, ejection })), 'success');
  await until('connections to leave the zone', async () => {
    const letter = await letterFor('127.0.0.1');
    assert.notEqual(letter, 'n');
    return letter;
  });
  await near.close();
});
