// What a connection carries is found out from its first bytes, and a server that speaks first is heard: real sockets,
// node's own HTTP/1, HTTP/2 and TLS, clients that are slow, silent or gone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer as createHttp, get } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { after, afterEach, test } from 'node:test';
import type { ListenerConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, echo, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

/** Under a sanitizer memory is not the program's own. */
const measured = process.env['WEFT_SANITIZE'] === undefined;
const echoing = await Backend.listen(echo);
let weft: WeftRun;
let port = 0;

after(() => echoing.close());

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
});

async function start(endpoint: string, listener: Partial<ListenerConfig> = {}): Promise<void> {
  port = await freePort();
  weft = await WeftRun.start({
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', ...listener }],
    clusters: { app: { endpoints: [endpoint] } },
    log: { accessLog: true },
  });
}

async function counted(protocol: string): Promise<number> {
  return (await weft.metrics()).value('weft_connection_protocol_total', { protocol });
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Shown {
  readonly state: string;
  readonly protocol: string | null;
  readonly bufferedBytes: number;
}

async function shown(): Promise<readonly Shown[]> {
  const { connections } = await weft.json<{ connections: readonly Shown[] }>('/connections');
  return connections;
}

test('HTTP/1 of node is recognised, counted, logged and forwarded', async () => {
  const server = createHttp((_request, response) => response.end('hello'));
  await start(await listening(server));
  const [response] = await once(get(`http://127.0.0.1:${port}/`, { agent: false }), 'response');
  assert.equal(response.statusCode, 200);
  await response.resume();
  const line = await weft.logged('connection closed');
  assert.equal(line['protocol'], 'http1');
  assert.equal(await counted('http1'), 1);
  server.close();
});

test('HTTP/2 of node is recognised, counted and forwarded', async () => {
  const server = createHttp2();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('hello');
  });
  await start(await listening(server));
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const request = session.request({ ':path': '/' });
  const [headers] = await once(request, 'response');
  assert.equal(headers[':status'], 200);
  assert.deepEqual(
    (await shown()).map(({ protocol, state }) => [protocol, state]),
    [['http2', 'open']],
  );
  session.destroy();
  assert.equal(await counted('http2'), 1);
  server.close();
});

test('the same request one byte at a time is the same', async () => {
  await start(echoing.address);
  const client = await Client.connect(port);
  const request = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const byte of request) {
    client.socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal((await client.read(request.length)).toString(), request);
  assert.equal(await counted('http2'), 1);
  client.close();
});

test('a server that speaks first is heard within 100 ms, and the connection is opaque from then on', async () => {
  const greeting = await Backend.listen(greet('220 ready\r\n'));
  await start(greeting.address);
  // The first of a process is slower: code is read from disk.
  (await Client.connect(port)).close();
  const times: number[] = [];
  for (let count = 0; count < 5; count++) {
    const client = await Client.connect(port);
    const began = performance.now();
    assert.equal((await client.read(11)).toString(), '220 ready\r\n');
    times.push(performance.now() - began);
    client.close();
  }
  assert.ok(Math.min(...times) < 100, `${times}`);
  assert.ok((await counted('opaque')) >= 5);
  await greeting.close();
});

test('a client that speaks after all uses the connection that is open', async () => {
  await start(echoing.address);
  const before = echoing.sockets.length;
  const client = await Client.connect(port);
  await until('the early connection', () => echoing.sockets.length === before + 1);
  assert.deepEqual(
    (await shown()).map(({ protocol, state }) => [protocol, state]),
    [[null, 'detecting']],
  );
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  assert.equal(await client.exchange(preface), preface);
  assert.equal(echoing.sockets.length, before + 1);
  assert.equal(await counted('http2'), 1);
  client.close();
});

test('an opaque listener connects at once', async () => {
  await start(echoing.address, { protocol: 'opaque' });
  const before = echoing.sockets.length;
  const client = await Client.connect(port);
  await until('the connection', () => echoing.sockets.length === before + 1);
  assert.equal(await counted('opaque'), 1);
  client.close();
});

test('a client that leaves during detection is counted and leaves nothing behind', async () => {
  await start(echoing.address, { serverFirstAfter: null });
  for (const beginning of ['', 'GET /', '\u0016\u0003\u0001']) {
    const client = await Client.connect(port);
    client.socket.write(beginning);
    await until('its bytes', async () =>
      (await shown()).some(({ bufferedBytes }) => bufferedBytes === beginning.length),
    );
    client.reset();
    await until('its end', async () => (await shown()).length === 0);
  }
  const metrics = await weft.metrics();
  assert.equal(metrics.value('weft_connection_close_total', { reason: 'downstream_gone' }), 3);
  assert.equal(metrics.value('weft_buffered_bytes'), 0);
});

/** Descriptors that are open. */
function descriptorCount(): number {
  return readdirSync(`/proc/${weft.pid}/fd`).length;
}

/** 10,000, or what the limit of descriptors lets a proxy take that counts two for each connection. */
function manyClients(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = Number(/^Max open files +\d+ +(\d+)/m.exec(limits)?.[1]);
  return Math.min(10_000, Math.floor((hard - 500) / 2));
}

test('10,000 clients that say nothing or not enough harm nobody, and all is given back', async () => {
  const count = manyClients();
  assert.ok(count >= 5_000, `the limit of descriptors leaves ${count} clients only`);
  await start(echoing.address);
  const patientPort = await freePort();
  await weft.reload({
    listeners: [
      { name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' },
      // Who connects here has no connection to the endpoint before it speaks.
      {
        name: 'patient',
        address: `127.0.0.1:${patientPort}`,
        cluster: 'app',
        serverFirstAfter: null,
      },
    ],
    clusters: { app: { endpoints: [echoing.address] } },
  });
  await (await Client.connect(port)).exchange('warm\r\n');
  const descriptorsBefore = descriptorCount();
  const memoryBefore = weft.privateDirtyBytes();
  /** Ends within the random number: nothing in it is wrong. */
  const halfHello = Buffer.concat([
    Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]),
    Buffer.alloc(20),
  ]);
  const clients: Client[] = [];
  for (let index = 0; index < count; index++) {
    const client = await Client.connect(index < 4_000 ? port : patientPort);
    clients.push(client);
    if (index % 40 === 0) {
      client.socket.write(halfHello);
    }
  }
  const slow = clients[1];
  const talking = await Client.connect(port);
  const unharmed = async (): Promise<void> => {
    const began = performance.now();
    assert.equal(await talking.exchange('not harmed\r\n'), 'not harmed\r\n');
    assert.ok(performance.now() - began < 2_000);
  };
  for (const byte of 'GET /slow') {
    slow?.socket.write(byte);
    await unharmed();
  }
  await until(
    'the early connections',
    () => descriptorCount() >= descriptorsBefore + count + 4_000 - 100,
    30_000,
  );
  // A pair is allowed 768 bytes, the beginning of a hello a buffer of 4 KiB.
  const bytes = weft.privateDirtyBytes() - memoryBefore;
  assert.ok(!measured || bytes < count * 768 + 260 * 4_096 + 4_194_304, `${bytes} bytes`);
  const metrics = await weft.metrics();
  assert.ok(metrics.value('weft_buffered_bytes') > 0, 'halves of a hello are held');
  const before = metrics.value('weft_connections');
  for (const client of clients.splice(3_000, 2_000)) {
    client.reset();
  }
  await until('the resets', async () => {
    return (await weft.metrics()).value('weft_connections') === before - 2_000;
  });
  await unharmed();
  for (const client of clients) {
    client.close();
  }
  talking.close();
  await until('their ends', async () => (await shown()).length <= 1, 30_000);
  assert.ok(descriptorCount() <= descriptorsBefore + 8);
  assert.equal((await weft.metrics()).value('weft_buffered_bytes'), 0);
});
