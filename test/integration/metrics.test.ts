// What /metrics says against what happened: bytes, connections, endings, and that Prometheus' own tool agrees.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { closeReasons } from '../../lib/contract/close-reason.ts';
import { Backend, Client, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { type Metrics, WeftRun } from '../support/weft.ts';

let backend: Backend;
let weft: WeftRun;
let outbound = 0;
let inbound = 0;

/** Answers with twice the bytes, so that the two directions differ. */
const twice: Parameters<typeof Backend.listen>[0] = (socket) => {
  socket.on('data', (chunk) => {
    socket.write(chunk);
    socket.write(chunk);
  });
  socket.on('end', () => socket.end());
};

before(async () => {
  backend = await Backend.listen(twice);
  outbound = await freePort();
  inbound = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [
      { name: 'out', address: `127.0.0.1:${outbound}`, cluster: 'app' },
      { name: 'in', address: `127.0.0.1:${inbound}`, cluster: 'app', direction: 'inbound' },
    ],
    clusters: { app: { endpoints: [backend.address] } },
  });
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  await backend.close();
});

const source = { direction: 'outbound', peer: 'src' };
const destination = { direction: 'outbound', peer: 'dst' };

async function ended(count: number): Promise<Metrics> {
  return until(`${count} closed connections`, async () => {
    const metrics = await weft.metrics();
    return metrics.value('tcp_close_total', source) >= count ? metrics : null;
  });
}

test('bytes counted are bytes sent, on both sides and in both directions', async () => {
  const sizes = [0, 1, 1_000, 3_000_000];
  for (const size of sizes) {
    const client = await Client.connect(outbound);
    client.socket.end(Buffer.alloc(size, 'x'));
    await client.read(2 * size);
    assert.equal(await client.end(), 'end');
  }
  const sent = sizes.reduce((sum, size) => sum + size, 0);
  const metrics = await ended(sizes.length);
  assert.equal(metrics.value('tcp_read_bytes_total', source), sent);
  assert.equal(metrics.value('tcp_write_bytes_total', destination), sent);
  assert.equal(metrics.value('tcp_read_bytes_total', destination), 2 * sent);
  assert.equal(metrics.value('tcp_write_bytes_total', source), 2 * sent);
  for (const labels of [source, destination]) {
    assert.equal(metrics.value('tcp_open_total', labels), sizes.length);
    assert.equal(metrics.value('tcp_open_connections', labels), 0);
    assert.equal(metrics.value('tcp_close_total', { ...labels, errno: '' }), sizes.length);
  }
});

test('the labels are those of linkerd2-proxy', async () => {
  const metrics = await weft.metrics();
  const src = `direction="outbound",peer="src",target_addr="127.0.0.1:${outbound}",target_ip="127.0.0.1",target_port="${outbound}",tls="no_identity",no_tls_reason="loopback",`;
  const dst = `direction="outbound",peer="dst",target_addr="${backend.address}",target_ip="127.0.0.1",target_port="${backend.port}",tls="no_identity",no_tls_reason="not_provided_by_service_discovery",dst_cluster="app"`;
  assert.ok(metrics.text.includes(`\ntcp_open_total{${src}`), metrics.text);
  assert.ok(metrics.text.includes(`\ntcp_open_total{${dst}} `), metrics.text);
});

test('a connection that is open is shown as open, under the direction of its listener', async () => {
  const client = await Client.connect(inbound);
  client.socket.write('x');
  await client.read(2);
  const metrics = await weft.metrics();
  assert.equal(metrics.value('tcp_open_connections', { direction: 'inbound', peer: 'src' }), 1);
  assert.equal(metrics.value('tcp_open_connections', { direction: 'inbound', peer: 'dst' }), 1);
  assert.equal(metrics.value('weft_connections'), 1);
  client.close();
});

test('a reset has its errno and its close reason', async () => {
  const before = await weft.metrics();
  const client = await Client.connect(outbound);
  client.socket.write('x');
  await client.read(2);
  client.reset();
  const labels = { ...source, errno: 'ECONNRESET' };
  const after = await until('the reset to be counted', async () => {
    const metrics = await weft.metrics();
    return metrics.value('tcp_close_total', labels) > 0 ? metrics : null;
  });
  const reset = { reason: 'downstream_reset', listener: 'out', direction: 'outbound' };
  const increase = (name: string, of: Record<string, string>): number =>
    after.value(name, of) - before.value(name, of);
  assert.equal(increase('weft_connection_close_total', reset), 1);
  assert.equal(increase('tcp_close_total', labels), 1);
});

test('every close reason is there for each listener, and their sum is the number of endings', async () => {
  const metrics = await weft.metrics();
  for (const reason of closeReasons) {
    const labels = `reason="${reason}",listener="out",direction="outbound"`;
    assert.ok(metrics.text.includes(`weft_connection_close_total{${labels}} `), reason);
  }
  const closed = metrics.value('weft_connection_close_total', { listener: 'out' });
  assert.equal(closed, metrics.value('tcp_close_total', source));
});

test('promtool finds nothing to say about a scrape', async (t) => {
  const tool = spawnSync('promtool', ['check', 'metrics'], {
    input: (await weft.metrics()).text,
    encoding: 'utf8',
  });
  if (tool.error !== undefined) {
    t.skip('needs promtool: apt-get install prometheus');
    return;
  }
  assert.equal(tool.stdout + tool.stderr, '');
  assert.equal(tool.status, 0);
});

test('counters go only up, however connections are spread over workers', async () => {
  const names = ['tcp_open_total', 'tcp_read_bytes_total', 'weft_accepted_connections_total'];
  let last = names.map(() => 0);
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 8 }, () => Client.connect(outbound)));
    await Promise.all(
      clients.map(async (client) => {
        client.socket.write('abc');
        await client.read(6);
        client.close();
      }),
    );
    const metrics = await weft.metrics();
    const now = names.map((name) => metrics.value(name));
    now.forEach((value, index) => {
      assert.ok(value >= (last[index] ?? 0), names[index]);
    });
    last = now;
  }
});

test('gauges come back to nothing when nothing is open', async () => {
  await until('no open connections', async () => {
    const metrics = await weft.metrics();
    const open = ['tcp_open_connections', 'weft_connections', 'weft_buffered_bytes'];
    return open.every((name) => metrics.value(name) === 0);
  });
});

test('an echo through the inbound listener leaves the outbound numbers alone', async () => {
  const before = await weft.metrics();
  const echoing = await Client.connect(inbound);
  echoing.socket.write('y');
  await echoing.read(2);
  echoing.close();
  const metrics = await weft.metrics();
  assert.equal(metrics.value('tcp_open_total', source), before.value('tcp_open_total', source));
});
