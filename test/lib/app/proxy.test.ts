import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { WeftProxy } from '../../../lib/app/proxy.ts';
import { ConfigError, ProxyError } from '../../../lib/base/errors.ts';
import type { Config } from '../../../lib/config/config.ts';
import { configOf, drainOf, resolvedCluster, resolvedListener } from '../../support/configs.ts';
import { FakeAddon } from '../../support/fake-addon.ts';
import { http } from '../../support/http.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const admin = { address: '127.0.0.1:0', shutdown: false };
const withAdmin = configOf({ admin });
const running: WeftProxy[] = [];

function setUp() {
  const addon = new FakeAddon();
  const log = new MemoryLog();
  const clock = new ManualClock();
  let shutdowns = 0;
  const onShutdown = (): void => {
    shutdowns += 1;
  };
  const build = { version: '1.2.3' };
  const proxy = new WeftProxy({ addon, log, clock, build, onShutdown });
  running.push(proxy);
  return { addon, log, clock, proxy, shutdowns: () => shutdowns };
}

function get(proxy: WeftProxy, path: string, method = 'GET', body?: string) {
  assert.ok(proxy.adminAddress);
  return http(proxy.adminAddress, path, { method, ...(body === undefined ? {} : { body }) });
}

const load = (config: Config) => async (): Promise<Config> => config;
const listenError = Object.assign(new Error('bind'), {
  code: 'ERR_LISTEN',
  path: 'listeners[0].address',
  errno: 98,
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((proxy) => proxy.stop()));
});

test('a start publishes the first revision with the endpoints of the configuration', async () => {
  const { addon, log, proxy } = setUp();
  await proxy.start(configOf({}));
  const snapshot = addon.engine.lastPublished;
  assert.equal(snapshot.revision, 1);
  assert.equal(addon.engine.options.workerCount, 2);
  assert.deepEqual(
    snapshot.clusters[0]?.endpoints.map(({ address }) => address),
    ['10.0.0.1:80'],
  );
  assert.ok(log.messages.includes('listening'));
  assert.equal(proxy.adminAddress, null);
});

test('ready follows the life of the proxy', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(withAdmin);
  assert.equal((await get(proxy, '/ready')).status, 200);
  const drained = proxy.drain();
  assert.equal((await get(proxy, '/ready')).text, 'not ready: draining\n');
  addon.engine.finishDrain(3);
  assert.deepEqual(await drained, { forcedCount: 3 });
  assert.deepEqual(addon.engine.drains, [{ deadlineMs: 5_000, listeners: 'close', scope: 'all' }]);
});

test('a listener that cannot be opened leaves nothing open', async () => {
  const { addon, proxy } = setUp();
  const start = addon.start.bind(addon);
  addon.start = (options, sink) => {
    const engine = start(options, sink);
    engine.nextPublishError = listenError;
    return engine;
  };
  await assert.rejects(proxy.start(withAdmin), (error: ProxyError) => error.code === 'ERR_LISTEN');
  assert.equal(addon.engine.stopCount, 1);
  assert.equal(proxy.adminAddress, null);
});

test('an admin address that is in use is an error, before anything listens', async () => {
  const first = setUp();
  await first.proxy.start(withAdmin);
  const second = setUp();
  const address = first.proxy.adminAddress ?? '';
  const taken = configOf({ admin: { address, shutdown: false } });
  await assert.rejects(
    second.proxy.start(taken),
    (error: ProxyError) => error.code === 'ERR_ADMIN_LISTEN',
  );
  assert.equal(second.addon.engine.published.length, 0);
  assert.equal(second.addon.engine.stopCount, 1);
});

test('a reload publishes what changed and is counted', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(withAdmin);
  const moved = resolvedCluster({ endpoints: [{ address: '10.0.0.9:80', weight: 1, zone: null }] });
  const outcome = await proxy.reload(load({ ...withAdmin, clusters: [moved] }));
  assert.deepEqual(outcome, { result: 'applied' });
  assert.equal(addon.engine.published.length, 2);
  assert.equal(addon.engine.lastPublished.clusters[0]?.endpoints[0]?.address, '10.0.0.9:80');
  const metrics = (await get(proxy, '/metrics')).text;
  assert.match(metrics, /^weft_config_reload_total\{result="success"\} 1$/m);
  assert.match(metrics, /^weft_config_revision\{state="applied"\} 2$/m);
  assert.match(metrics, /^weft_build_info\{version="1.2.3"\} 1$/m);
});

test('a reload of the same configuration publishes nothing', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(configOf({}));
  assert.deepEqual(await proxy.reload(load(configOf({}))), { result: 'unchanged' });
  assert.equal(addon.engine.published.length, 1);
});

test('a configuration that cannot be loaded changes nothing, is counted, and is logged once', async () => {
  const { addon, log, proxy } = setUp();
  await proxy.start(withAdmin);
  const fail = async (): Promise<Config> => {
    throw new ConfigError('ERR_CONFIG_INVALID', 'weft.config.ts: listeners: missing.');
  };
  assert.equal((await proxy.reload(fail)).result, 'failed');
  assert.equal((await proxy.reload(fail)).result, 'failed');
  const failures = log.lines.filter(({ level }) => level === 'error');
  assert.equal(failures.length, 1);
  assert.equal(failures[0]?.fields['error'], 'weft.config.ts: listeners: missing.');
  assert.equal(addon.engine.published.length, 1);
  assert.match((await get(proxy, '/metrics')).text, /reload_total\{result="failure"\} 2$/m);
  await proxy.reload(load({ ...withAdmin, drain: drainOf(1, { listeners: 'keep' }) }));
  await proxy.reload(fail);
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 2, 'a new story');
});

test('a listener that cannot be opened on reload: nothing of the new configuration is applied', async () => {
  const { addon, clock, proxy } = setUp();
  await proxy.start(withAdmin);
  const before = addon.engine.lastPublished;
  addon.engine.nextPublishError = listenError;
  const next = {
    ...withAdmin,
    listeners: [resolvedListener({ name: 'new', address: '127.0.0.1:81' })],
    clusters: [resolvedCluster({ endpoints: [] })],
  };
  const outcome = await proxy.reload(load(next));
  assert.equal(outcome.result, 'failed');
  clock.advance(1_000);
  await settle();
  assert.equal(addon.engine.lastPublished, before, 'and nothing is published after it');
  const report = JSON.parse((await get(proxy, '/config')).text);
  assert.equal(report.desiredRevision, 1);
  assert.equal(report.appliedRevision, 1);
  assert.equal(report.config.listeners[0].name, 'web');
  await proxy.reload(load({ ...withAdmin, limits: { ...withAdmin.limits, connectionsMax: 9 } }));
  assert.deepEqual(
    addon.engine.lastPublished.clusters[0]?.endpoints,
    before.clusters[0]?.endpoints,
    'the endpoints of before are back, with their ids',
  );
});

test('reloads wait for each other', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(configOf({}));
  addon.engine.holdPublishes = true;
  const first = proxy.reload(load(configOf({ drain: drainOf(1) })));
  const second = proxy.reload(load(configOf({ drain: drainOf(2) })));
  for (let count = 0; count < 2; count++) {
    await settle();
    addon.engine.acknowledge();
  }
  assert.deepEqual(await Promise.all([first, second]), [
    { result: 'applied' },
    { result: 'applied' },
  ]);
  assert.deepEqual(
    addon.engine.published.map(({ drainTimeoutMs }) => drainTimeoutMs),
    [5_000, 1, 2],
  );
});

test('a reload changes the log level, and says what waits for the next start', async () => {
  const { log, proxy } = setUp();
  await proxy.start(configOf({}));
  const next = configOf({ workerCount: 7, log: { ...withAdmin.log, level: 'debug' } });
  await proxy.reload(load(next));
  assert.equal(log.level, 'debug');
  const warning = log.lines.find(({ level }) => level === 'warn');
  assert.deepEqual(warning?.fields, { keys: ['workers'] });
});

test('a proxy that drains takes no new configuration', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(configOf({}));
  void proxy.drain();
  const next = configOf({ drain: drainOf(1) });
  assert.equal((await proxy.reload(load(next))).result, 'failed');
  assert.equal(addon.engine.published.length, 1);
});

test('the log level is set through the admin server', async () => {
  const { log, proxy } = setUp();
  await proxy.start(withAdmin);
  assert.equal((await get(proxy, '/log-level', 'PUT', 'error')).status, 200);
  assert.equal(log.level, 'error');
});

test('POST /drain drains with its own deadline and does not end the proxy', async () => {
  const { addon, proxy, shutdowns } = setUp();
  await proxy.start(withAdmin);
  assert.equal((await get(proxy, '/drain?deadline=7s', 'POST')).status, 202);
  assert.deepEqual(addon.engine.drains, [{ deadlineMs: 7_000, listeners: 'close', scope: 'all' }]);
  addon.engine.finishDrain();
  await settle();
  assert.equal((await get(proxy, '/ready')).status, 503);
  assert.equal(shutdowns(), 0);
});

test('POST /shutdown asks the owner, when the configuration allows it', async () => {
  const { proxy, shutdowns } = setUp();
  await proxy.start(withAdmin);
  assert.equal((await get(proxy, '/shutdown', 'POST')).status, 403);
  await proxy.reload(load(configOf({ admin: { ...admin, shutdown: true } })));
  assert.equal((await get(proxy, '/shutdown', 'POST')).status, 202);
  assert.equal(shutdowns(), 1);
});

test('/clusters joins what each worker knows and sums it', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(withAdmin);
  const endpoint = addon.engine.lastPublished.clusters[0]?.endpoints[0];
  const part = {
    clusterId: 1,
    endpointId: endpoint?.id ?? 0,
    loadNow: 1,
    idleNow: 2,
    connectUs: 5,
    failureCount: 1,
    earlyCloseCount: 0,
  };
  addon.engine.dumpResult = {
    listeners: [],
    connections: [],
    endpoints: [
      { ...part, worker: 0, connectionsNow: 2, available: true, ejected: false, cause: null },
      {
        ...part,
        worker: 1,
        connectionsNow: 3,
        available: false,
        ejected: true,
        cause: 'connect_failures',
      },
    ],
    truncated: false,
  };
  const { clusters } = JSON.parse((await get(proxy, '/clusters')).text);
  assert.equal(clusters[0].name, 'app');
  assert.equal(clusters[0].balancer, 'roundRobin');
  const [shown] = clusters[0].endpoints;
  assert.equal(shown.connectionsNow, 5);
  assert.deepEqual([shown.loadNow, shown.idleNow], [2, 4]);
  assert.equal(shown.failureCount, 2);
  assert.equal(shown.available, false);
  assert.equal(shown.ejected, true);
  assert.deepEqual(shown.causes, ['connect_failures']);
  assert.deepEqual(
    shown.workers.map(({ worker }: { worker: number }) => worker),
    [0, 1],
  );
});

test('/connections has names in place of ids', async () => {
  const { addon, proxy } = setUp();
  await proxy.start(withAdmin);
  const { listeners, clusters } = addon.engine.lastPublished;
  addon.engine.dumpResult = {
    listeners: [],
    connections: [
      {
        worker: 1,
        connectionId: 9,
        listenerId: listeners[0]?.id ?? 0,
        clusterId: clusters[0]?.id ?? 0,
        endpointId: clusters[0]?.endpoints[0]?.id ?? 0,
        state: 'open',
        protocol: 'tls',
        downstreamAddress: '127.0.0.1:5',
        upstreamAddress: '10.0.0.1:80',
        originalDst: null,
        ageMs: 1,
        idleMs: 2,
        downstreamReadBytes: 3,
        upstreamReadBytes: 4,
        bufferedBytes: 0,
        spliced: true,
        requestCount: 7,
        requestState: 'sent',
      },
    ],
    endpoints: [],
    truncated: true,
  };
  const answer = JSON.parse((await get(proxy, '/connections')).text);
  assert.equal(answer.truncated, true);
  const [connection] = answer.connections;
  assert.equal(connection.listener, 'web');
  assert.equal(connection.cluster, 'app');
  assert.equal(connection.endpoint, '10.0.0.1:80');
  assert.equal(connection.protocol, 'tls');
  assert.equal(connection.spliced, true);
  assert.deepEqual([connection.requestCount, connection.requestState], [7, 'sent']);
  assert.ok(!('listenerId' in connection));
});

test('an event becomes a line: access log at any level, a change of state once', async () => {
  const { addon, log, proxy } = setUp();
  await proxy.start(configOf({}));
  const { listeners, clusters } = addon.engine.lastPublished;
  const ids = {
    listenerId: listeners[0]?.id ?? 0,
    clusterId: clusters[0]?.id ?? 0,
    endpointId: clusters[0]?.endpoints[0]?.id ?? 0,
  };
  addon.engine.emit(1, { kind: 'connectionClosed', values: ids });
  addon.engine.emit(0, { kind: 'endpointUnavailable', values: { ...ids, errno: 111 } });
  addon.engine.emit(1, { kind: 'endpointUnavailable', values: { ...ids, errno: 111 } });
  const closed = log.lines.find(({ message }) => message === 'connection closed');
  assert.equal(closed?.fields['listener'], 'web');
  assert.equal(closed?.fields['endpoint'], '10.0.0.1:80');
  assert.equal(log.messages.filter((message) => message === 'endpoint unavailable').length, 1);
});

test('metrics of an endpoint that left are given back with a later snapshot, and it is forgotten', async () => {
  const { addon, clock, proxy } = setUp();
  await proxy.start(configOf({}));
  const worker = addon.engine.workers[0];
  const before = addon.engine.lastPublished.clusters[0];
  const run = worker?.take('endpointTcp', [1, before?.id ?? 0, before?.endpoints[0]?.id ?? 0]);
  await proxy.reload(load(configOf({ clusters: [resolvedCluster({ endpoints: [] })] })));
  for (let minute = 0; minute < 12; minute++) {
    clock.advance(60_000);
    await settle();
  }
  clock.advance(1_000);
  await settle();
  const released = addon.engine.published.flatMap(({ releasedRuns }) => releasedRuns);
  assert.deepEqual(released, [{ worker: 0, run: run?.slot, generation: run?.generation }]);
  clock.advance(120_000);
  await settle();
  await proxy.reload(load(configOf({})));
  const again = addon.engine.lastPublished.clusters[0]?.endpoints[0];
  assert.notEqual(
    again?.id,
    before?.endpoints[0]?.id,
    'a new id for an address that was forgotten',
  );
});

test('two proxies in one process do not know each other', async () => {
  const [first, second] = [setUp(), setUp()];
  await first.proxy.start(withAdmin);
  await second.proxy.start(withAdmin);
  await first.proxy.stop();
  assert.equal((await get(second.proxy, '/ready')).status, 200);
  assert.equal(second.addon.engine.stopCount, 0);
});

test('stop ends everything, in every phase and twice', async () => {
  const { addon, clock, proxy } = setUp();
  await proxy.stop();
  await assert.rejects(proxy.start(configOf({})), ProxyError);
  const other = setUp();
  await other.proxy.start(withAdmin);
  await Promise.all([other.proxy.stop(), other.proxy.stop()]);
  assert.equal(other.addon.engine.stopCount, 1);
  assert.equal(other.clock.timerCount, 0);
  assert.equal((await other.proxy.reload(load(configOf({})))).result, 'failed');
  await assert.rejects(other.proxy.drain(), ProxyError);
  assert.equal(addon.engines.length, 0);
  assert.equal(clock.timerCount, 0);
});
