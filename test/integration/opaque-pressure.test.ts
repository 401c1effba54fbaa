// Readers that are slower than their writers: the writer is stopped, memory stays bounded, nothing spins, no byte is
// lost, and who has nothing to do with it notices nothing.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { ByteStream, open, Received, sendBytes } from '../support/stream.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const mebibyte = 1024 * 1024;
const pairCount = 8;
/** More than the kernel takes for a connection: 32 MiB on the receiving side, 4 MiB on the sending one, twice. */
const streamBytes = 80 * mebibyte;

let weft: WeftRun;
let backend: Backend;
let echoing: Backend;
let port = 0;
let echoPort = 0;
const sockets: Socket[] = [];

before(async () => {
  // A connection that nobody reads: the test does, when it wants to.
  backend = await Backend.listen((socket) => socket.pause());
  echoing = await Backend.listen(echo);
  port = await freePort();
  echoPort = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [
      { name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' },
      { name: 'echo', address: `127.0.0.1:${echoPort}`, cluster: 'echo' },
    ],
    clusters: {
      app: { endpoints: [backend.address] },
      echo: { endpoints: [echoing.address] },
    },
  });
});

afterEach(() => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  backend.sockets.length = 0;
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  await Promise.all([backend.close(), echoing.close()]);
});

async function connected(): Promise<Socket> {
  const socket = await open({ port, host: '127.0.0.1' });
  sockets.push(socket);
  return socket;
}

async function value(name: string): Promise<number> {
  return (await weft.metrics()).value(name);
}

/** Resolves when every writer is stopped, and has written nothing for half a second; with what they wrote. */
function stopped(writers: readonly Socket[]): Promise<number> {
  let last = 0;
  let since = performance.now();
  return until(
    'every writer to be stopped',
    () => {
      const written = writers.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
      if (written !== last || !writers.every(({ writableNeedDrain }) => writableNeedDrain)) {
        last = written;
        since = performance.now();
      }
      return performance.now() - since > 500 ? written : null;
    },
    30_000,
  );
}

test('readers that stop: writers are stopped, memory is bounded, nothing spins, nothing is lost', async () => {
  const memoryBefore = weft.privateDirtyBytes();
  const near = await Promise.all(Array.from({ length: pairCount }, connected));
  const sent = near.map((socket) =>
    sendBytes(socket, new ByteStream(1), streamBytes).then(() => socket.end()),
  );
  const far = await until('every connection to arrive', () => {
    return backend.sockets.length === pairCount ? [...backend.sockets] : null;
  });
  const written = await stopped(near);
  assert.ok(written < pairCount * streamBytes, 'every byte went somewhere though nobody reads');

  const buffered = await value('weft_buffered_bytes');
  assert.ok(buffered <= pairCount * 64 * 1024, `${buffered} bytes are held`);
  const growth = weft.privateDirtyBytes() - memoryBefore;
  assert.ok(
    growth < 8 * mebibyte,
    `${(growth / mebibyte).toFixed(1)} MiB more for ${pairCount} pairs`,
  );

  const cpuBefore = weft.cpuSeconds();
  const began = performance.now();
  const client = await Client.connect(echoPort);
  const waits: number[] = [];
  while (performance.now() - began < 1_000) {
    const sentAt = performance.now();
    assert.equal(await client.exchange('x'), 'x');
    waits.push(performance.now() - sentAt);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  client.close();
  const share = (weft.cpuSeconds() - cpuBefore) / ((performance.now() - began) / 1_000);
  const median = waits.sort((a, b) => a - b)[waits.length >> 1] ?? 0;
  assert.ok(median < 50, `another connection waits ${median.toFixed(0)} ms for each answer`);
  assert.ok(share < 0.05, `${(share * 100).toFixed(1)} % CPU while nobody reads`);

  const received = far.map((socket) => {
    const one = new Received(socket, 1);
    socket.resume();
    return one;
  });
  for (const one of received) {
    assert.deepEqual(await one.outcome(), ['end', streamBytes, null]);
  }
  await Promise.all(sent);
  assert.equal(await value('weft_buffered_bytes'), 0);
});

test('a reader that takes a little at a time gets every byte', async () => {
  const near = await connected();
  const far = await until('the connection to arrive', () => backend.sockets[0]);
  const size = 6 * mebibyte;
  const sent = sendBytes(near, new ByteStream(2), size).then(() => near.end());
  const stream = new ByteStream(2);
  let isEnded = false;
  far.once('end', () => {
    isEnded = true;
  });
  while (!isEnded) {
    // Few bytes and a pause, in sizes that are no power of two.
    const chunk = far.read(Math.min(far.readableLength, 30_011)) as Buffer | null;
    if (chunk === null) {
      far.read(0);
    } else {
      const at = stream.position;
      assert.ok(stream.next(chunk.length).equals(chunk), `a wrong byte after ${at}`);
    }
    await new Promise(setImmediate);
  }
  assert.equal(stream.position, size);
  await sent;
});
