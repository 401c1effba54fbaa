// undici, the HTTP client behind fetch, in what fetch never does: pipelining, one connection for everything, requests
// that are abandoned in the middle, upgrades.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { Client } from 'undici';
import { freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const pipelining = 16;

/** Answers with what came, and how much of it. */
function serve(asked: IncomingMessage, answer: ServerResponse): void {
  const hash = createHash('sha256');
  let bytes = 0;
  asked.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  asked.once('end', () => {
    const { size = '0', ms = '0' } = Object.fromEntries(
      new URL(`http://a${asked.url}`).searchParams,
    );
    answer.setHeader('x-sum', hash.digest('hex')).setHeader('x-bytes', bytes);
    setTimeout(() => answer.end(Buffer.alloc(Number(size), asked.url)), Number(ms));
  });
}

const server = createServer(serve);
let weft: WeftRun;
let origin = '';

before(async () => {
  server.on('upgrade', (_asked, socket: Socket, head) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
    );
    socket.write(head);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [`127.0.0.1:${(server.address() as AddressInfo).port}`] } },
  });
});

after(async () => {
  weft.signal('SIGTERM');
  await weft.ended;
  server.close().closeAllConnections();
});

test('pipelined requests of one connection are answered in their order', async () => {
  const client = new Client(origin, { pipelining });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      // Later ones would be ready before those in front of them.
      const path = `/${index}?size=${index % 700}&ms=${(index * 7) % 5}`;
      const { statusCode, body } = await client.request({ path, method: 'GET' });
      const bytes = Buffer.from(await body.arrayBuffer());
      return statusCode === 200 && bytes.equals(Buffer.alloc(index % 700, path));
    }),
  );
  await client.close();
  assert.equal(answers.filter(Boolean).length, 1_000);
  const metrics = await weft.metrics();
  assert.equal(metrics.value('request_total', { dst_cluster: 'app' }), 1_000);
  assert.equal(metrics.value('weft_request_replays_total', {}), 0);
});

test('bodies of every size come whole, with a length and in chunks', async () => {
  const client = new Client(origin);
  for (const size of [0, 1, 1_000, 65_535, 131_072, 262_145, 3_000_000]) {
    const bytes = Buffer.alloc(size, `body of ${size}`);
    const sum = createHash('sha256').update(bytes).digest('hex');
    const pieces = async function* () {
      for (let at = 0; at < size; at += 50_000) yield bytes.subarray(at, at + 50_000);
    };
    for (const body of [bytes, Readable.from(pieces())]) {
      const answer = await client.request({ path: '/', method: 'PUT', body });
      await answer.body.dump();
      assert.deepEqual(
        [answer.headers['x-bytes'], answer.headers['x-sum']],
        [String(size), sum],
        `${size} bytes`,
      );
    }
  }
  await client.close();
});

test('a request that is abandoned in the middle takes nothing else along', async () => {
  const abandoned = new Client(origin);
  const other = new Client(origin);
  for (let round = 0; round < 20; round += 1) {
    const abort = new AbortController();
    const stuck = abandoned.request({ path: '/?ms=5000', method: 'GET', signal: abort.signal });
    setTimeout(() => abort.abort(), 2 * round);
    const [first, second] = await Promise.allSettled([
      stuck,
      other.request({ path: '/?size=100000', method: 'GET' }),
    ]);
    assert.equal(first.status, 'rejected');
    assert.equal(second.status === 'fulfilled' && second.value.statusCode, 200);
    if (second.status === 'fulfilled') {
      assert.equal((await second.value.body.arrayBuffer()).byteLength, 100_000);
    }
  }
  await Promise.all([abandoned.destroy(), other.close()]);
});

test('an upgrade is a tunnel from then on', async () => {
  const client = new Client(origin);
  const { socket } = await client.upgrade({ path: '/', protocol: 'echo' });
  const said = Buffer.alloc(500_000, 'through the tunnel');
  let heard = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
  });
  socket.write(said);
  await until('all of it to come back', () => heard.length >= said.length);
  assert.ok(heard.equals(said));
  socket.destroy();
  await client.destroy();
  await until('everything to be over', async () => {
    const metrics = await weft.metrics();
    return metrics.value('weft_connections', {}) === 0;
  });
});
