// Requests of HTTP/1 through a real proxy: balanced one by one, counted to the unit, and answered when nobody else
// can. The clients are Node's own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, test } from 'node:test';
import type { ClusterReport, ConnectionReport } from '../../lib/admin/view.ts';
import type { ClusterConfig } from '../../lib/config/user-config.ts';
import { Client, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const servers: Server[] = [];
let weft: WeftRun;
let port = 0;
let agent: Agent;

after(() => {
  for (const server of servers) {
    server.close().closeAllConnections();
  }
});

afterEach(async () => {
  agent?.destroy();
  weft?.signal('SIGKILL');
  await weft?.ended;
});

/** Answers with the status and the bytes that the path names: `/503/10`. Says its own name. */
async function serve(name: string): Promise<string> {
  const server = createServer((asked, answer) => {
    const [, status = '200', bytes = '0'] = (asked.url ?? '').split('/');
    asked.resume().once('end', () => {
      answer.writeHead(Number(status), { 'x-name': name }).end('x'.repeat(Number(bytes)));
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(
  endpoints: readonly string[],
  cluster: Partial<ClusterConfig> = {},
): Promise<void> {
  port = await freePort();
  agent = new Agent({ keepAlive: true, maxSockets: 8 });
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints, ...cluster } },
  });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function ask(path: string, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', path, method, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
      answer.on('error', reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

test('a known mixture of 2,000 requests is counted to the unit', async () => {
  await start([await serve('a')]);
  const statuses = [200, 201, 204, 301, 304, 400, 404, 429, 500, 503];
  const mixture = Array.from({ length: 2_000 }, (_, index) => statuses[index % 10] ?? 0);
  const answers = await Promise.all(
    mixture.map((status, index) =>
      index % 3 === 0 ? ask(`/${status}/${index}`, 'POST', 'x'.repeat(index)) : ask(`/${status}/1`),
    ),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    mixture,
  );
  const metrics = await weft.metrics();
  const labels = { dst_cluster: 'app', direction: 'outbound' };
  assert.equal(metrics.value('request_total', labels), 2_000);
  for (const status of statuses) {
    const classification = status < 500 ? 'success' : 'failure';
    const own = { ...labels, status_code: `${status}` };
    assert.equal(metrics.value('response_total', { ...own, classification }), 200, `${status}`);
    assert.equal(metrics.value('response_total', own), 200, `${status}`);
    assert.equal(metrics.value('response_latency_ms_count', own), 200);
    assert.equal(metrics.value('response_latency_ms_bucket', { ...own, le: '+Inf' }), 200);
    assert.ok(metrics.value('response_latency_ms_sum', own) > 0);
  }
  assert.ok(metrics.value('tcp_open_connections', { peer: 'src' }) <= 8);
});

test('one connection of a client reaches every endpoint', async () => {
  await start([await serve('a'), await serve('b'), await serve('c')], { balancer: 'roundRobin' });
  agent.maxSockets = 1;
  const names = new Map<unknown, number>();
  for (let count = 0; count < 30; count++) {
    const { headers } = await ask('/200/1');
    names.set(headers['x-name'], (names.get(headers['x-name']) ?? 0) + 1);
  }
  assert.deepEqual([...names.values()], [10, 10, 10]);
  assert.equal((await weft.metrics()).value('tcp_open_total', { peer: 'src' }), 1);
  const { clusters } = await weft.json<{ clusters: ClusterReport[] }>('/clusters');
  for (const { address, connectionsNow, idleNow, loadNow } of clusters[0]?.endpoints ?? []) {
    assert.deepEqual([connectionsNow, idleNow, loadNow], [1, 1, 0], address);
  }
});

test('what Weft answers itself is counted where no endpoint was', async () => {
  const gone = `127.0.0.1:${await freePort()}`;
  await start([gone], { failFastAfter: '100ms' });
  const { status, headers, body } = await ask('/200/1');
  assert.deepEqual(
    [status, headers['weft-error'], body],
    [502, 'connect_refused', 'weft: connect_refused\n'],
  );
  await until('a request that is not tried', async () => (await ask('/200/1')).status === 503);
  const metrics = await weft.metrics();
  const failures = { dst_cluster: 'app', classification: 'failure' };
  assert.equal(
    metrics.value('request_total', { dst_cluster: 'app' }),
    metrics.value('response_total', failures),
  );
  assert.ok(metrics.value('response_total', { ...failures, status_code: '502' }) >= 1);
  assert.ok(
    metrics.value('response_total', { ...failures, status_code: '503', target_addr: '' }) >= 1,
  );
});

test('who still sends reads the answer that refuses them', async () => {
  await start([await serve('a')]);
  for (let round = 0; round < 5; round++) {
    const client = await Client.connect(port);
    client.socket.write(
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    );
    client.socket.write(Buffer.alloc(2_000_000, 'x'));
    assert.equal(await client.end(), 'end', 'a reset may destroy what was not read yet');
    assert.match((await client.readAll()).toString(), /^HTTP\/1\.1 400 /);
  }
});

test('promtool finds nothing but the unit that Linkerd chose', async (t) => {
  await start([await serve('a')]);
  await ask('/200/1');
  const { text } = await weft.metrics();
  const tool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (tool.error !== undefined) {
    t.skip('needs promtool: apt-get install prometheus');
    return;
  }
  const lint = 'response_latency_ms metric names should not contain abbreviated units\n';
  assert.equal(tool.stdout + tool.stderr, lint);
});

test('requests wait for the connections that a limit allows, whichever worker has them', async () => {
  let open = 0;
  let most = 0;
  const server = createServer((asked, answer) => {
    open++;
    most = Math.max(most, open);
    setTimeout(() => {
      open--;
      asked.resume();
      answer.end('done');
    }, 2);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await start([address], { connectionsMax: 3, http: { queueTimeout: '20s' } });
  agent.maxSockets = 40;
  const asked = Promise.all(Array.from({ length: 400 }, () => ask('/')));
  await until('requests in the queue', async () => {
    const { connections } = await weft.json<{ connections: ConnectionReport[] }>('/connections');
    return connections.some(({ requestState }) => requestState === 'queued');
  });
  const answers = await asked;
  assert.ok(answers.every(({ status, body }) => status === 200 && body === 'done'));
  assert.ok(most <= 3, `${most} at a time`);
  const metrics = await weft.metrics();
  assert.ok(metrics.value('weft_queued_requests_total', { dst_cluster: 'app' }) > 0);
  assert.equal(metrics.value('weft_queued_requests', { dst_cluster: 'app' }), 0);
  assert.equal(metrics.value('weft_cluster_limit_refusals_total', { dst_cluster: 'app' }), 0);
});
