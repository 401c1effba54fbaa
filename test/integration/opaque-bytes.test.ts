// Opaque bytes through the real command: what one side sends is what the other gets, each half ends by itself, and a
// reset is never taken for an end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { ByteStream, open, Received, sendBytes } from '../support/stream.ts';
import { Backend, echo, freePort, resetNow } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const mebibyte = 1024 * 1024;
let weft: WeftRun;
let backend: Backend;
let port = 0;
let serve: (socket: Socket) => void = echo;
const clients: Socket[] = [];

before(async () => {
  backend = await Backend.listen((socket) => serve(socket));
  port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', idleTimeout: '1m' }],
    clusters: { app: { endpoints: [backend.address] } },
  });
});

beforeEach(() => {
  serve = echo;
});

afterEach(() => {
  for (const client of clients.splice(0)) {
    client.destroy();
  }
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  await backend.close();
});

async function connected(to = port): Promise<Socket> {
  const client = await open({ port: to, host: '127.0.0.1' });
  clients.push(client);
  return client;
}

/** A client and the endpoint's side of its connection. */
async function pair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const accepted = new Promise<Socket>((resolve) => {
    serve = resolve;
  });
  return { near: await connected(), far: await accepted };
}

async function promotions(): Promise<number> {
  return (await weft.metrics()).value('weft_splice_promotions_total');
}

test('64 MiB each way at the same time: every byte at its place, and spliced', async () => {
  const before = await promotions();
  const { near, far } = await pair();
  const size = 64 * mebibyte;
  const [up, down] = [new Received(far, 1), new Received(near, 2)];
  const sent = [
    sendBytes(near, new ByteStream(1), size).then(() => near.end()),
    sendBytes(far, new ByteStream(2), size).then(() => far.end()),
  ];
  assert.deepEqual(await up.outcome(), ['end', size, null]);
  assert.deepEqual(await down.outcome(), ['end', size, null]);
  await Promise.all(sent);
  assert.ok((await promotions()) > before, 'bulk was not spliced');
});

test('bulk and single bytes in turns, on one connection', async () => {
  const { near, far } = await pair();
  const up = new Received(far, 3);
  const stream = new ByteStream(3);
  let size = 0;
  for (let round = 0; round < 8; round++) {
    for (const [bytes, pieceBytes] of [
      [4 * mebibyte, mebibyte],
      [50, 1],
      [100_000, 10_000],
    ] as const) {
      await sendBytes(near, stream, bytes, pieceBytes);
      size += bytes;
      // The next kind begins when this one has arrived, so that the change is seen.
      await up.reached(size);
    }
  }
  near.end();
  assert.deepEqual(await up.outcome(), ['end', size, null]);
});

test('one byte at a time, there and back', async () => {
  const client = await connected();
  const down = new Received(client, 4);
  const stream = new ByteStream(4);
  const size = 5_000;
  for (let count = 0; count < size; count++) {
    client.write(stream.next(1));
    await new Promise(setImmediate);
  }
  client.end();
  assert.deepEqual(await down.outcome(), ['end', size, null]);
});

test('a client that ended its half gets the whole answer', async () => {
  const { near, far } = await pair();
  const down = new Received(near, 5);
  const up = new Received(far, 6);
  near.end(new ByteStream(6).next(100));
  assert.deepEqual(await up.outcome(), ['end', 100, null]);
  await sendBytes(far, new ByteStream(5), 20 * mebibyte);
  far.end();
  assert.deepEqual(await down.outcome(), ['end', 20 * mebibyte, null]);
});

test('an endpoint that ended its half gets the rest of the request', async () => {
  const { near, far } = await pair();
  const down = new Received(near, 7);
  const up = new Received(far, 8);
  far.end(new ByteStream(7).next(100));
  assert.deepEqual(await down.outcome(), ['end', 100, null]);
  await sendBytes(near, new ByteStream(8), 20 * mebibyte);
  near.end();
  assert.deepEqual(await up.outcome(), ['end', 20 * mebibyte, null]);
});

test('the end comes after the last byte, also when the reader comes late', async () => {
  for (let round = 0; round < 5; round++) {
    const { near, far } = await pair();
    near.pause();
    const size = 32 * mebibyte + round;
    const sent = sendBytes(far, new ByteStream(9), size).then(() => far.end());
    await until('the writer to be stopped', () => far.writableNeedDrain);
    const down = new Received(near, 9);
    near.resume();
    assert.deepEqual(await down.outcome(), ['end', size, null]);
    await sent;
    near.end();
  }
});

for (const [who, writer] of [
  ['client', 'near'],
  ['endpoint', 'far'],
] as const) {
  test(`a reset by the ${who} in the middle of a stream is not taken for its end`, async () => {
    for (let round = 0; round < 20; round++) {
      const { near, far } = await pair();
      const [source, sink] = writer === 'near' ? [near, far] : [far, near];
      const received = new Received(sink, 10);
      const sent = sendBytes(source, new ByteStream(10), 64 * mebibyte);
      await received.reached(round * 300_000);
      resetNow(source);
      const [end, , wrongAt] = await received.outcome();
      assert.deepEqual([end, wrongAt], ['reset', null], `round ${round}`);
      await sent;
    }
  });
}

const urgentClient = `
import hashlib, socket, sys
connection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
bulk = bytes(range(256)) * 4096
for round in range(8):
    connection.sendall(bulk)
    connection.send(b'!', socket.MSG_OOB)
    connection.sendall(bulk[:777])
connection.shutdown(socket.SHUT_WR)
received = b''
while True:
    chunk = connection.recv(65536)
    if not chunk:
        break
    received += chunk
sent = (bulk + b'!' + bulk[:777]) * 8
print('same' if received == sent else f'sent {len(sent)}, received {len(received)}')
`;

test('urgent data loses nothing of what is around it', async (t) => {
  const python = spawn('python3', ['-c', urgentClient, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const failed = await once(python, 'spawn').then(
    () => null,
    (error: Error) => error,
  );
  if (failed !== null) {
    assert.notEqual(process.env['CI'], 'true', 'needs python3');
    t.skip('needs python3');
    return;
  }
  const timer = setTimeout(() => python.kill(), 20_000);
  let output = '';
  python.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(python, 'close');
  clearTimeout(timer);
  assert.equal(output.trim(), 'same');
});

test('a stream one way only is not idle', async () => {
  const idleMs = 300;
  const own = await freePort();
  const run = await WeftRun.start({
    listeners: [
      { name: 'web', address: `127.0.0.1:${own}`, cluster: 'app', idleTimeout: `${idleMs}ms` },
    ],
    clusters: { app: { endpoints: [backend.address] } },
  });
  serve = (socket) => socket.resume();
  const client = await connected(own);
  const received = new Received(client, 0);
  const began = performance.now();
  while (performance.now() - began < 4 * idleMs) {
    client.write('x');
    await new Promise((resolve) => setTimeout(resolve, idleMs / 6));
    assert.equal(client.destroyed, false, 'closed while bytes were passing');
  }
  assert.equal(await received.ended, 'reset');
  const labels = { reason: 'idle_timeout' };
  await until('the idle timeout to be counted', async () => {
    return (await run.metrics()).value('weft_connection_close_total', labels) === 1;
  });
  await run.stop();
});
