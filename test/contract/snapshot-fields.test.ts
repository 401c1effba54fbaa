// Native code reads every field of a snapshot, has no default for any, and says which one is wrong. The wrong
// snapshots are made from a right one, so a field that is added later is covered as well.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BalancerSnapshot, Snapshot } from '../../lib/contract/snapshot.ts';
import { fieldCount, wrongValues } from '../support/mutated-values.ts';
import { failureOf, startEngine } from '../support/native-engine.ts';
import {
  clusterSnapshot,
  endpointSnapshot,
  listenerSnapshot,
  snapshotOf,
} from '../support/snapshots.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';

const { handle } = startEngine();
const echoing = await Backend.listen(echo);
const port = await freePort();
const folder = mkdtempSync(join(tmpdir(), 'weft-'));
const socketPath = join(folder, 'socket');
const keepalive = { idleMs: 60_000, intervalMs: 10_000, probesMax: 6 };

/** What `a*` is compiled to, but for the bytes. */
const aStar = {
  classes: Array.from({ length: 256 }, (_, byte) => (byte === 97 ? 1 : 0)),
  start: 1,
  acceptingFrom: 1,
  next: [0, 0, 0, 1],
};

/** Everything that may be null is not, where its neighbours let it. */
const complete = snapshotOf({
  listeners: [
    listenerSnapshot({
      address: `127.0.0.1:${port}`,
      portProtocols: [{ firstPort: 1, lastPort: 2, protocol: 'detect' }],
      tlsRoutes: [
        {
          hostnames: ['*.example.com'],
          alpn: ['h2'],
          backendRefs: [{ clusterId: 2, weight: 1 }],
        },
      ],
      httpRoutes: {
        revision: 1,
        rules: [
          {
            id: 1,
            name: 'shop/api',
            hostnames: ['*.example.com'],
            matches: [
              {
                path: { type: 'prefix', value: '/api', pattern: null },
                method: 'GET',
                headers: [{ name: 'x-user', value: 'beta', pattern: null }],
                queryParams: [{ name: 'v', value: '2', pattern: null }],
              },
              {
                path: { type: 'regex', value: 'a*', pattern: aStar },
                method: '',
                headers: [],
                queryParams: [],
              },
            ],
            redirect: {
              scheme: 'https',
              hostname: 'a.example.com',
              port: 8443,
              path: { prefixOnly: true, value: '/new' },
              status: 301,
            },
            directResponse: { status: 200, contentType: 'text/plain', body: 'hi' },
            rewrite: { hostname: 'b.example.com', path: { prefixOnly: false, value: '/' } },
            fault: { delayMs: 1, delayShare: 2, abortStatus: 503, abortShare: 3 },
            rateLimit: { intervalUs: 10, burst: 5 },
            retry: {
              attemptsMax: 2,
              statuses: [502, 503],
              onReset: true,
              onTimeout: false,
              anyMethod: false,
              backoffMinMs: 25,
              backoffMaxMs: 250,
            },
            timeouts: { requestMs: 10_000, backendRequestMs: 5_000, responseHeadMs: 1_000 },
            mirrors: [
              {
                clusterId: 2,
                share: 10_000,
                timeoutMs: 1_000,
                requestHeaders: { set: [], add: [], remove: ['e'] },
              },
            ],
            backendRefs: [
              {
                clusterId: 2,
                weight: 1,
                requestHeaders: { set: [{ name: 'a', value: 'b' }], add: [], remove: ['c'] },
                responseHeaders: { set: [], add: [{ name: 'd', value: '' }], remove: [] },
              },
            ],
          },
        ],
      },
      proxyProtocol: {
        from: [{ address: '10.0.0.0:0', prefixBits: 8 }],
        timeoutMs: 5_000,
        required: true,
      },
      http: {
        headBytesMax: 65_536,
        headFieldsMax: 128,
        headTimeoutMs: 10_000,
        errorHeader: true,
        forwarded: {
          xForwarded: true,
          forwarded: false,
          from: [{ address: '[::]:0', prefixBits: 64 }],
        },
        via: 'weft',
        requestId: 'x-request-id',
      },
      idleTimeoutMs: 3_600_000,
      keepalive,
      userTimeoutMs: 30_000,
    }),
    listenerSnapshot({ id: 2, address: `unix:${socketPath}`, unixMode: 0o660 }),
  ],
  clusters: [
    clusterSnapshot({
      balancer: {
        type: 'p2cEwma',
        rttDefaultMs: 30,
        decayMs: 10_000,
        slowStart: { windowMs: 30_000, minSharePercent: 10 },
      },
      zonePreference: { usableSharePercentMin: 70, usableCountMin: 1 },
      healthCheck: {
        type: 'tcp',
        intervalMs: 10_000,
        timeoutMs: 1_000,
        consecutiveFailures: 3,
        consecutiveSuccesses: 1,
        path: '',
        host: '',
      },
      http: {
        idleTimeoutMs: 3_000,
        idleMax: 10_000,
        ageMaxMs: 60_000,
        queueMax: 1_024,
        queueTimeoutMs: 1_000,
      },
      keepalive,
      userTimeoutMs: 30_000,
      endpoints: [endpointSnapshot({ address: echoing.address })],
    }),
    clusterSnapshot({
      id: 2,
      balancer: {
        type: 'maglev',
        loadBoundPercent: 125,
        key: { type: 'cookie', name: 'id', cookieMaxAgeMs: 60_000 },
      },
      destinations: [{ address: '10.1.0.0:80', prefixBits: 16 }],
      endpoints: [endpointSnapshot({ ownZone: true })],
    }),
  ],
  releasedRuns: [{ worker: 1, run: 4, generation: 1 }],
});

let revision = 0;

/** Publishes something wrong; what it failed with. */
function refused(snapshot: unknown) {
  return failureOf(() => handle.publish(snapshot as Snapshot));
}

function published(parts: Partial<Snapshot>): Promise<number> {
  revision += 1;
  const clusters = (parts.clusters ?? complete.clusters).map((cluster) => ({
    ...cluster,
    revision,
  }));
  return handle.publish({ ...complete, ...parts, clusters, revision });
}

function refusedParts(parts: Partial<Snapshot>) {
  return refused({ ...complete, ...parts, revision: revision + 1 });
}

after(async () => {
  await handle.stop();
  await echoing.close();
  rmSync(folder, { recursive: true });
});

test('each field that is missing, of another type or out of range is an error with its path', async () => {
  let count = 0;
  for (const { path, what, value } of wrongValues(complete)) {
    const { code, path: found, message } = await refused(value);
    assert.equal(code, 'ERR_SNAPSHOT_INVALID', `${path} ${what}: ${message}`);
    assert.equal(found, path, `${path} ${what}: ${message}`);
    assert.ok(message.startsWith(`${path}: expected `), message);
    count += 1;
  }
  assert.ok(count > 10 * fieldCount(complete), `${count} wrong snapshots`);
});

test('what is no object at all is an error', async () => {
  for (const value of [undefined, null, 1, 'text', [], () => undefined]) {
    const { code, message } = await refused(value);
    assert.equal(code, 'ERR_SNAPSHOT_INVALID', message);
  }
});

test('after all that nothing has changed: the first right snapshot is applied and serves', async () => {
  assert.equal(await published({}), 1);
  const client = await Client.connect(port);
  assert.equal(await client.exchange('hello'), 'hello');
  client.close();
});

test('a word that is in no list is an error that shows the list', async () => {
  const [listener] = complete.listeners;
  const [cluster] = complete.clusters;
  const wrong = [
    ['listeners[0].direction', { listeners: [{ ...listener, direction: 'sideways' }] }],
    ['listeners[0].protocol', { listeners: [{ ...listener, protocol: 'http9' }] }],
    [
      'clusters[0].balancer.type',
      { clusters: [{ ...cluster, revision: 99, balancer: { type: 'best' } }] },
    ],
  ] as const;
  for (const [path, parts] of wrong) {
    const failure = await refusedParts(parts as unknown as Partial<Snapshot>);
    assert.equal(failure.path, path);
    assert.match(failure.message, /expected '\w+'/);
  }
});

test('an address that cannot be parsed is an error that shows it', async () => {
  for (const address of [
    'nonsense',
    '127.0.0.1',
    '127.0.0.1:70000',
    '[::1',
    'unix:',
    '127.0.0.1\0:80',
  ]) {
    const [listener] = complete.listeners;
    assert.ok(listener);
    const { path, message } = await refusedParts({ listeners: [{ ...listener, address }] });
    assert.equal(path, 'listeners[0].address', message);
  }
});

test('each number is taken at the ends of its range and refused beyond them', async () => {
  const cluster = complete.clusters[0];
  assert.ok(cluster);
  const weighted = (weight: number) => ({
    clusters: [
      {
        ...cluster,
        revision: 99,
        endpoints: [endpointSnapshot({ address: echoing.address, weight })],
      },
      ...complete.clusters.slice(1),
    ],
  });
  for (const weight of [0, 65_536]) {
    assert.equal((await refusedParts(weighted(weight))).path, 'clusters[0].endpoints[0].weight');
  }
  for (const weight of [1, 65_535]) {
    assert.equal(await published(weighted(weight)), revision);
  }
});

test('what may be null may be null, and nothing else may', async () => {
  const nullable = [
    'serverFirstAfterMs',
    'httpRoutes',
    'proxyProtocol',
    'idleTimeoutMs',
    'keepalive',
    'userTimeoutMs',
  ];
  const withNull = (parts: readonly object[], keys: readonly string[]) =>
    parts.map((part) =>
      Object.fromEntries(
        Object.entries(part).map(([key, value]) => [key, keys.includes(key) ? null : value]),
      ),
    );
  const listeners = withNull(complete.listeners, nullable) as unknown as Snapshot['listeners'];
  const clusters = withNull(complete.clusters, [
    ...nullable,
    'protocol',
  ]) as unknown as Snapshot['clusters'];
  assert.equal(await published({ listeners, clusters }), revision);
  for (const key of Object.keys(complete) as (keyof Snapshot)[]) {
    assert.equal((await refused({ ...complete, revision: revision + 1, [key]: null })).path, key);
  }
  for (const key of Object.keys(complete.listeners[0] ?? {})) {
    if (!nullable.includes(key) && key !== 'unixMode') {
      const parts = { listeners: [{ ...complete.listeners[0], [key]: null }] };
      assert.equal((await refusedParts(parts as never)).path, `listeners[0].${key}`);
    }
  }
});

test('a word that may be null is one of its list otherwise', async () => {
  for (const key of ['protocol', 'proxyProtocol']) {
    const clusters = [{ ...complete.clusters[0], [key]: 'v3' }];
    const { path } = await refusedParts({ clusters } as never);
    assert.equal(path, `clusters[0].${key}`);
  }
});

test('only a unix socket has a mode, and it must have one', async () => {
  const [tcp, unix] = complete.listeners;
  assert.ok(tcp && unix);
  for (const wrong of [
    { ...tcp, unixMode: 0o660 },
    { ...unix, unixMode: null },
  ]) {
    assert.equal((await refusedParts({ listeners: [wrong] })).path, 'listeners[0].unixMode');
  }
  await published({});
  assert.equal(statSync(socketPath).mode & 0o777, 0o660);
});

test('every balancer is taken, with its own settings only', async () => {
  const slowStart = { windowMs: 1_000, minSharePercent: 10 };
  const key = { type: 'source', name: '', cookieMaxAgeMs: null } as const;
  const balancers: readonly BalancerSnapshot[] = [
    { type: 'roundRobin', slowStart: null },
    { type: 'leastConnections', slowStart },
    { type: 'random', slowStart },
    { type: 'p2cEwma', rttDefaultMs: 1, decayMs: 1, slowStart: null },
    { type: 'ringHash', loadBoundPercent: null, key },
    { type: 'maglev', loadBoundPercent: 125, key },
  ];
  for (const balancer of balancers) {
    const { type } = balancer;
    const clusters = complete.clusters.map((cluster) => ({ ...cluster, balancer }));
    assert.equal(await published({ clusters }), revision);
    const client = await Client.connect(port);
    assert.equal(await client.exchange(type), type);
    client.close();
  }
});

test('an id that is there twice is an error', async () => {
  const [listener] = complete.listeners;
  const [cluster] = complete.clusters;
  assert.ok(listener && cluster);
  const endpoint = endpointSnapshot({ address: echoing.address });
  const cases: readonly (readonly [string, Partial<Snapshot>])[] = [
    ['listeners[1].id', { listeners: [listener, listener] }],
    ['clusters[1].id', { clusters: [cluster, { ...cluster, name: 'other' }] }],
    [
      'clusters[0].endpoints[1].id',
      { clusters: [{ ...cluster, revision: 99, endpoints: [endpoint, endpoint] }] },
    ],
  ];
  for (const [path, parts] of cases) {
    assert.equal((await refusedParts(parts)).path, path);
  }
});

test('a listener needs a cluster that is there', async () => {
  const [listener] = complete.listeners;
  assert.ok(listener);
  const failure = await refusedParts({ listeners: [{ ...listener, clusterId: 77 }] });
  assert.equal(failure.path, 'listeners[0].clusterId');
  assert.match(failure.message, /77/);
});

test('the backends of a route are clusters that are there', async () => {
  const [listener] = complete.listeners;
  assert.ok(listener);
  const tlsRoutes = [{ hostnames: [], alpn: [], backendRefs: [{ clusterId: 77, weight: 1 }] }];
  const failure = await refusedParts({ listeners: [{ ...listener, tlsRoutes }] });
  assert.equal(failure.path, 'listeners[0].tlsRoutes[0].backendRefs[0].clusterId');
  const nobody = [{ hostnames: [], alpn: [], backendRefs: [] }];
  const empty = await refusedParts({ listeners: [{ ...listener, tlsRoutes: nobody }] });
  assert.equal(empty.path, 'listeners[0].tlsRoutes[0].backendRefs');
});

test('a revision that is not higher than the one before is an error', async () => {
  for (const wrong of [revision, revision - 1, 0]) {
    assert.equal((await refused({ ...complete, revision: wrong })).path, 'revision');
  }
});

test('a released run of a worker that is not there is an error', async () => {
  const releasedRuns = [{ worker: 2, run: 1, generation: 1 }];
  assert.equal((await refusedParts({ releasedRuns })).path, 'releasedRuns[0].worker');
});

test('a getter that throws and an array that lies about its length are errors', async () => {
  const [cluster] = complete.clusters;
  const withGetter = Object.defineProperty({ ...cluster, revision: 99 }, 'endpoints', {
    get: () => {
      throw new Error('no');
    },
  });
  assert.equal(
    (await refusedParts({ clusters: [withGetter as never] })).path,
    'clusters[0].endpoints',
  );
  const endless = new Array(2 ** 32 - 1);
  const failure = await refusedParts({
    clusters: [{ ...clusterSnapshot({ revision: 99 }), endpoints: endless }],
  });
  assert.equal(failure.path, 'clusters[0].endpoints[0]');
});

test('a cluster with the same id and revision is taken from the snapshot before, unread', async () => {
  await published({});
  const unread = Object.defineProperty({ id: 1, revision }, 'endpoints', {
    get: () => assert.fail('was read'),
  });
  const next = revision + 1;
  assert.equal(
    await handle.publish({
      ...complete,
      revision: next,
      clusters: [unread as never, ...complete.clusters.slice(1)],
    }),
    next,
  );
  revision = next;
  const client = await Client.connect(port);
  assert.equal(await client.exchange('still'), 'still');
  client.close();
  const { endpoints } = await handle.dump({ type: 'clusters', countMax: 100 });
  assert.ok(endpoints.some(({ clusterId }) => clusterId === 1));
});
