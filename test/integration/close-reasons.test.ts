// Every close reason, provoked: the access log names it, the metric counts it, docs/errors.md explains it. The last
// test says which reason nobody provoked.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, afterEach, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WeftProxy } from '../../lib/app/proxy.ts';
import type {
  ClusterConfig,
  HttpRuleConfig,
  ListenerConfig,
  UserConfig,
} from '../../lib/config/user-config.ts';
import { type CloseReason, closeReasons } from '../../lib/contract/close-reason.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';
import {
  resolvedCluster,
  configOf as resolvedConfig,
  resolvedListener,
} from '../support/configs.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { SilentBackend } from '../support/silent-backend.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { type LogLine, type WeftOptions, WeftRun } from '../support/weft.ts';

const provoked = new Set<CloseReason>();
const echoing = await Backend.listen(echo);
const cleanUps: (() => unknown)[] = [];
let weft: WeftRun;
let port = 0;

after(() => echoing.close());

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
  for (const cleanUp of cleanUps.splice(0)) {
    await cleanUp();
  }
});

interface Setting {
  readonly cluster?: Partial<ClusterConfig>;
  readonly listener?: Partial<ListenerConfig>;
  readonly config?: Partial<UserConfig>;
  readonly options?: WeftOptions;
}

function configOf({ cluster, listener, config }: Setting): UserConfig {
  return {
    workers: 1,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', ...listener }],
    clusters: { app: { endpoints: [echoing.address], ...cluster } },
    log: { accessLog: true },
    ...config,
  };
}

async function start(setting: Setting): Promise<WeftRun> {
  port = await freePort();
  weft = await WeftRun.start(configOf(setting), [], setting.options);
  return weft;
}

async function backend(serve: (socket: Socket) => void): Promise<Backend> {
  const made = await Backend.listen(serve);
  cleanUps.push(() => made.close());
  return made;
}

/** A client whose bytes have been through, so that both sides are connected. */
async function talking(): Promise<Client> {
  const client = await Client.connect(port);
  cleanUps.push(() => client.close());
  assert.equal(await client.exchange('hello'), 'hello');
  return client;
}

/** A client that is sent away, during its connect or right after. */
async function refused(): Promise<void> {
  const client = await Client.connect(port).catch(() => null);
  await client?.end();
}

function limitDescriptors(pid: number, count: number): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', `${pid}`, `--nofile=${count}:`]);
  assert.equal(status, 0, stderr.toString());
}

/** A backend of HTTP that answers with these bytes and ends. */
async function startHttpServer(response: string): Promise<void> {
  const server = await backend((socket) => socket.once('data', () => socket.end(response)));
  await start({ listener: { protocol: 'http1' }, cluster: { endpoints: [server.address] } });
}

/** A client whose response is cut. */
async function cutResponse(): Promise<void> {
  const client = await Client.connect(port);
  client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(await client.end(), 'reset');
}

/** The metric counts it; those that are turned away have no line in the access log, which they would flood. */
async function turnedAway(reason: CloseReason): Promise<void> {
  assert.equal((await weft.logged('limit reached'))['limit'], reason);
  const metrics = await weft.metrics();
  assert.equal(metrics.value('weft_connection_close_total', { reason, listener: 'web' }), 1);
  assert.ok(weft.lines.every((line) => line['closeReason'] !== reason));
  provoked.add(reason);
}

/** The access log names the reason; the metric counts it too, while there is an admin server to ask. */
async function closedWith(reason: CloseReason): Promise<LogLine> {
  const line = await weft.logged('connection closed', (one) => one['closeReason'] === reason);
  if (weft.isRunning) {
    const metrics = await weft.metrics();
    assert.ok(metrics.value('weft_connection_close_total', { reason, listener: 'web' }) >= 1);
  }
  provoked.add(reason);
  return line;
}

test('finished: both sides ended in order', async () => {
  await start({});
  const client = await talking();
  client.socket.end();
  assert.equal(await client.end(), 'end');
  const line = await closedWith('finished');
  assert.equal(line['errno'], null);
});

test('downstream_reset: the client sent a reset, and the endpoint gets one', async () => {
  const own = await backend(echo);
  await start({ cluster: { endpoints: [own.address] } });
  const client = await talking();
  const [socket] = own.sockets;
  assert.ok(socket);
  const reset = once(socket, 'error');
  client.reset();
  assert.equal(((await reset)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  const line = await closedWith('downstream_reset');
  assert.equal(line['errno'], 'ECONNRESET');
});

test('upstream_reset: the endpoint sent a reset, and the client gets one', async () => {
  const own = await backend(echo);
  await start({ cluster: { endpoints: [own.address] } });
  const client = await talking();
  own.sockets[0]?.resetAndDestroy();
  assert.equal(await client.end(), 'reset');
  await closedWith('upstream_reset');
});

test('downstream_lost: the client takes no bytes for longer than userTimeout', async () => {
  const flood = await backend((socket) => {
    const more = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536))) {
        // Until the buffers between here and the client are full.
      }
    };
    socket.on('drain', more);
    more();
  });
  await start({ cluster: { endpoints: [flood.address] }, listener: { userTimeout: '1s' } });
  const client = await Client.connect(port);
  cleanUps.push(() => client.close());
  client.socket.pause();
  await closedWith('downstream_lost');
});

test('upstream_lost: the endpoint takes no bytes for longer than userTimeout', async () => {
  const deaf = await backend((socket) => socket.pause());
  await start({ cluster: { endpoints: [deaf.address], userTimeout: '1s' } });
  const client = await Client.connect(port);
  cleanUps.push(() => client.close());
  client.socket.on('drain', () => client.socket.write(Buffer.alloc(1_048_576)));
  client.socket.write(Buffer.alloc(8_388_608));
  await closedWith('upstream_lost');
});

test('downstream_gone: the client left before the endpoint answered', async () => {
  const silent = await SilentBackend.start();
  cleanUps.push(() => silent.stop());
  await start({ cluster: { endpoints: [silent.address], connectTimeout: '30s' } });
  const client = await Client.connect(port);
  client.reset();
  await closedWith('downstream_gone');
});

test('idle_timeout: silent both ways for too long', async () => {
  await start({ listener: { idleTimeout: '200ms' } });
  const client = await talking();
  await client.end();
  await closedWith('idle_timeout');
});

test('connect_refused: nobody listens at any endpoint', async () => {
  const endpoints = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  await start({ cluster: { endpoints } });
  await refused();
  const line = await closedWith('connect_refused');
  assert.equal(line['errno'], 'ECONNREFUSED');
  assert.equal(line['attemptCount'], 2);
});

test('connect_timeout: the endpoint does not answer', async () => {
  const silent = await SilentBackend.start();
  cleanUps.push(() => silent.stop());
  await start({
    cluster: { endpoints: [silent.address], connectTimeout: '200ms', connectAttemptsMax: 1 },
  });
  const client = await Client.connect(port);
  await client.end();
  await closedWith('connect_timeout');
});

test('connect_failed: connecting fails in another way, and errno says which', async () => {
  // No route leads to the broadcast address, on whatever machine.
  await start({ cluster: { endpoints: ['255.255.255.255:80'] } });
  await refused();
  const line = await closedWith('connect_failed');
  assert.equal(line['errno'], 'ENETUNREACH');
});

test('loop: a transparent listener is reached without redirection', async () => {
  await start({ listener: { transparent: true } });
  await refused();
  const metrics = await weft.metrics();
  assert.ok(metrics.value('weft_connection_close_total', { reason: 'loop', listener: 'web' }) >= 1);
  provoked.add('loop');
});

test('no_endpoint: discovery has none', async () => {
  // A file must name one; a source of discovery may come to have none.
  const log = new MemoryLog();
  const proxy = new WeftProxy({ addon: loadAddon(), log, build: {}, onShutdown: () => undefined });
  port = await freePort();
  const listeners = [resolvedListener({ address: `127.0.0.1:${port}`, accessLog: true })];
  await proxy.start(resolvedConfig({ listeners, clusters: [resolvedCluster({ endpoints: [] })] }));
  await refused();
  await until('the line of the connection', () => {
    return log.lines.some(({ fields }) => fields['closeReason'] === 'no_endpoint');
  });
  await proxy.stop();
  provoked.add('no_endpoint');
});

test('proxy_protocol_error: a client begins with something else than the header', async () => {
  await start({ listener: { proxyProtocol: { from: ['127.0.0.0/8'] } } });
  const client = await Client.connect(port);
  client.socket.write('GET / HTTP/1.1\r\n\r\n');
  assert.equal(await client.end(), 'reset');
  await closedWith('proxy_protocol_error');
});

test('fail_fast: nothing was usable for a while', async () => {
  await start({
    cluster: { endpoints: [`127.0.0.1:${await freePort()}`], failFastAfter: '100ms' },
  });
  await until('a connection that is not tried', async () => {
    await refused();
    const metrics = await weft.metrics();
    return metrics.value('weft_fail_fast_total', { dst_cluster: 'app' }) >= 1;
  });
  await closedWith('fail_fast');
});

test('tls_no_route: a hello whose name no route has', async () => {
  const tlsRoutes = [{ hostnames: ['a.example.com'], backendRefs: [{ cluster: 'app' }] }];
  await start({ listener: { tlsRoutes } });
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'b.example.com' });
  const [error] = await once(socket, 'error');
  assert.match(String(error), /unrecognized name/i);
  const line = await closedWith('tls_no_route');
  assert.equal(line['protocol'], 'tls');
  assert.equal(line['endpoint'], null);
});

test('request_invalid: two lengths', async () => {
  await start({ listener: { protocol: 'http1' } });
  const client = await Client.connect(port);
  client.socket.write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  );
  assert.match(
    (await client.readAll()).toString(),
    /^HTTP\/1\.1 400 .*\r\nweft-error: request_invalid\r\n/s,
  );
  assert.equal((await closedWith('request_invalid'))['protocol'], 'http1');
});

test('request_timeout: half a head', async () => {
  await start({ listener: { protocol: 'http1', http: { headTimeout: '200ms' } } });
  const client = await Client.connect(port);
  client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
  assert.match((await client.readAll()).toString(), /^HTTP\/1\.1 408 /);
  await closedWith('request_timeout');
});

test('response_invalid: a chunk without a size', async () => {
  await startHttpServer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n');
  await cutResponse();
  await closedWith('response_invalid');
});

/** One request whose rule ends it, on a connection that is to close behind it. */
async function routedTo(rule: HttpRuleConfig, setting: Setting = {}): Promise<string> {
  const httpRoutes = [{ name: 'shop', hostnames: ['a'], rules: [rule] }];
  await start({ ...setting, listener: { protocol: 'http1', httpRoutes } });
  return await asked('a');
}

async function asked(host: string): Promise<string> {
  const client = await Client.connect(port);
  client.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return (await client.readAll()).toString();
}

test('no_route: another host', async () => {
  await routedTo({ filters: [{ type: 'DirectResponse', directResponse: {} }] });
  assert.match(await asked('b'), /^HTTP\/1\.1 404 .*\r\nweft-error: no_route\r\n/s);
  await closedWith('no_route');
});

test('no_backend: a rule that leads nowhere', async () => {
  assert.match(await routedTo({}), /^HTTP\/1\.1 500 /);
  await closedWith('no_backend');
});

test('rate_limited: one request more than the rule takes', async () => {
  const rateLimit = { requests: 1, per: '1h' };
  const answered = await routedTo({
    filters: [
      { type: 'RateLimit', rateLimit },
      { type: 'DirectResponse', directResponse: {} },
    ],
  });
  assert.match(answered, /^HTTP\/1\.1 200 /);
  assert.match(await asked('a'), /^HTTP\/1\.1 429 .*\r\nretry-after: 3600\r\n/s);
  await closedWith('rate_limited');
});

test('load_shed: one request more than the process takes', async () => {
  const silent = await backend(() => undefined);
  await start({
    listener: { protocol: 'http1' },
    cluster: { endpoints: [silent.address] },
    config: { limits: { requestsMax: 1 } },
  });
  const waiting = await Client.connect(port);
  cleanUps.push(() => waiting.close());
  waiting.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('the request to arrive', () => silent.sockets.length > 0);
  assert.match(await asked('a'), /^HTTP\/1\.1 503 .*\r\nweft-error: load_shed\r\n/s);
  await closedWith('load_shed');
});

test('fault_injected: as the rule says', async () => {
  const faultInjection = { abort: { statusCode: 418, share: 1 } };
  const answered = await routedTo({
    filters: [{ type: 'FaultInjection', faultInjection }],
    backendRefs: [{ cluster: 'app' }],
  });
  assert.match(answered, /^HTTP\/1\.1 418 /);
  await closedWith('fault_injected');
});

test('response_timeout: an endpoint that does not answer', async () => {
  const silent = await backend(() => undefined);
  const answered = await routedTo(
    { timeouts: { request: '100ms' }, backendRefs: [{ cluster: 'app' }] },
    { cluster: { endpoints: [silent.address] } },
  );
  assert.match(answered, /^HTTP\/1\.1 504 /);
  await closedWith('response_timeout');
});

test('upstream_closed: half a body', async () => {
  await startHttpServer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
  await cutResponse();
  await closedWith('upstream_closed');
});

test('listener_limit: one connection more than the listener takes', async () => {
  await start({ listener: { connectionsMax: 1 } });
  const first = await talking();
  await refused();
  await turnedAway('listener_limit');
  assert.equal(await first.exchange('still'), 'still');
});

test('connection_limit: one connection more than the process takes', async () => {
  await start({ config: { limits: { connectionsMax: 1 } } });
  const first = await talking();
  await refused();
  await turnedAway('connection_limit');
  assert.equal(await first.exchange('still'), 'still');
});

test('cluster_limit: one connection more than the cluster takes', async () => {
  await start({ cluster: { connectionsMax: 1 } });
  const first = await talking();
  await refused();
  const line = await closedWith('cluster_limit');
  assert.equal(line['endpoint'], null);
  assert.equal((await weft.logged('limit reached'))['cluster'], 'app');
  assert.equal(await first.exchange('still'), 'still');
});

test('pending_limit: one connect more than may be under way', async () => {
  const silent = await SilentBackend.start();
  cleanUps.push(() => silent.stop());
  await start({ cluster: { endpoints: [silent.address], pendingMax: 1, connectTimeout: '10s' } });
  const first = await Client.connect(port);
  cleanUps.push(() => first.close());
  first.socket.write('x');
  await until('a connect under way', async () => {
    const metrics = await weft.metrics();
    return metrics.value('weft_pending_connections', { dst_cluster: 'app' }) === 1;
  });
  await refused();
  await closedWith('pending_limit');
});

test('endpoint_limit: one connection more than all endpoints take', async () => {
  const other = await backend(echo);
  await start({
    cluster: { endpoints: [echoing.address, other.address], endpointConnectionsMax: 1 },
  });
  const two = [await talking(), await talking()];
  await refused();
  await closedWith('endpoint_limit');
  for (const client of two) {
    assert.equal(await client.exchange('still'), 'still');
  }
});

test('buffer_limit: slow readers hold more than is allowed', async () => {
  const flood = await backend((socket) => {
    const more = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536))) {
        // Until the buffers between here and the client are full.
      }
    };
    socket.on('drain', more);
    more();
  });
  await start({
    cluster: { endpoints: [flood.address] },
    config: { limits: { bufferedBytesMax: '1MiB', pipeCountMax: 0 } },
  });
  for (let count = 0; count < 64; count++) {
    const client = await Client.connect(port);
    client.socket.pause();
    cleanUps.push(() => client.close());
  }
  await closedWith('buffer_limit');
});

test('resources_exhausted: no descriptor is left for the endpoint', async () => {
  const [first, second] = [await SilentBackend.start(), await SilentBackend.start()];
  cleanUps.push(
    () => first.stop(),
    () => second.stop(),
  );
  const endpoints = [first.address, second.address];
  await start({ cluster: { endpoints, connectTimeout: '300ms' } });
  const client = await Client.connect(port);
  cleanUps.push(() => client.close());
  // Weft stops accepting before the last descriptors are gone; between two attempts they are taken away.
  limitDescriptors(weft.pid, 4);
  await weft.logged('connection closed');
  limitDescriptors(weft.pid, 1_024);
  const line = await closedWith('resources_exhausted');
  assert.equal(line['errno'], 'EMFILE');
});

test('listener_removed: a reload removed the listener, and the drain deadline passed', async () => {
  const setting: Setting = { config: { drain: { deadline: '100ms' }, log: { accessLog: true } } };
  await start(setting);
  const client = await talking();
  const address = `127.0.0.1:${await freePort()}`;
  await weft.reload(configOf({ ...setting, listener: { name: 'other', address } }));
  assert.equal(await client.end(), 'reset');
  await closedWith('listener_removed');
});

test('endpoint_removed: a reload removed the endpoint, and the drain deadline passed', async () => {
  const setting: Setting = { config: { drain: { deadline: '100ms' }, log: { accessLog: true } } };
  await start(setting);
  const client = await talking();
  await weft.reload(configOf({ ...setting, cluster: { endpoints: ['127.0.0.1:9'] } }));
  assert.equal(await client.end(), 'reset');
  await closedWith('endpoint_removed');
});

test('drain_deadline: still open at the end of a drain', async () => {
  await start({ config: { drain: { deadline: '100ms' }, log: { accessLog: true } } });
  const client = await talking();
  weft.signal('SIGTERM');
  assert.equal(await client.end(), 'reset');
  await weft.ended;
  await closedWith('drain_deadline');
});

test('stopped: a second signal does not wait', async () => {
  await start({ config: { drain: { deadline: '60s' }, log: { accessLog: true } } });
  const client = await talking();
  weft.signal('SIGTERM');
  await weft.logged('draining');
  weft.signal('SIGTERM');
  assert.equal(await client.end(), 'reset');
  await weft.ended;
  await closedWith('stopped');
});

test('every close reason was provoked by a test above', () => {
  assert.deepEqual(
    closeReasons.filter((reason) => !provoked.has(reason)),
    [],
  );
});
