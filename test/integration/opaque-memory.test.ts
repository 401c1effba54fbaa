// What an idle connection pair costs in memory of the proxy's own, as the slope from 1,000 to 8,000 pairs, and that it
// comes back. The pairs have carried bytes before, some of them bulk, so that whatever they hold on to is counted.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { EndpointProcess } from '../support/endpoint-process.ts';
import { open } from '../support/stream.ts';
import { freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const pairBytesMax = 768;
const fewPairs = 1_000;
/** limits.pipeCountMax. */
const pooledPipesMax = 16;
/** Under a sanitizer memory is not the proxy's own; the rest is looked at all the same. */
const measured = process.env['WEFT_SANITIZE'] === undefined;

let endpoint: EndpointProcess;
let weft: WeftRun;
let port = 0;
const sockets: Socket[] = [];

before(async () => {
  endpoint = await EndpointProcess.start('e');
  port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [endpoint.address], connectTimeout: '10s' } },
  });
});

after(async () => {
  for (const socket of sockets) {
    socket.destroy();
  }
  weft.signal('SIGKILL');
  await weft.ended;
  await endpoint.kill();
});

/** 8,000, or what the limit of descriptors leaves for a process with two of them for each pair. */
function manyPairs(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = Number(/^Max open files +\d+ +(\d+)/m.exec(limits)?.[1]);
  return Math.min(measured ? 8_000 : 3_000, Math.floor((hard - 500) / 2));
}

async function openPairs(count: number): Promise<void> {
  const batch = 200;
  while (sockets.length < count) {
    const more = Math.min(batch, count - sockets.length);
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: more }, (_, index) => talking(index % 10 === 0 ? 300_000 : 100)),
      )),
    );
  }
}

/** A connection that was used and has nothing more to say. */
async function talking(bytes: number): Promise<Socket> {
  const socket = await open({ port, host: '127.0.0.1' });
  let left = bytes + 1;
  socket.write(Buffer.alloc(bytes, 'x'));
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left === 0) {
        resolve();
      }
    });
    socket.once('close', () => reject(new Error('closed')));
  });
  return socket;
}

function descriptorCount(): number {
  return readdirSync(`/proc/${weft.pid}/fd`).length;
}

/** Lowest of a second: buffers are given back some time after the last byte. */
async function settledBytes(): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 10; count++) {
    lowest = Math.min(lowest, weft.privateDirtyBytes());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return lowest;
}

test('an idle pair takes at most 768 B, holds nothing, and gives all of it back', async (t) => {
  const pairs = manyPairs();
  assert.ok(pairs >= 3 * fewPairs, `the limit of descriptors leaves ${pairs} pairs only`);
  await openPairs(fewPairs);
  const few = await settledBytes();
  const descriptorsFew = descriptorCount();
  await openPairs(pairs);
  const many = await settledBytes();
  const slope = (many - few) / (pairs - fewPairs);
  t.diagnostic(
    `${fewPairs} pairs ${few} B, ${pairs} pairs ${many} B: ${slope.toFixed(0)} B for each pair`,
  );
  const metrics = await weft.metrics();
  assert.equal(metrics.value('weft_connections'), pairs);
  assert.equal(metrics.value('weft_buffered_bytes'), 0);
  const more = descriptorCount() - descriptorsFew;
  assert.ok(more <= 2 * (pairs - fewPairs + pooledPipesMax), `${more} more descriptors`);
  assert.ok(!measured || slope <= pairBytesMax, `${slope.toFixed(0)} B for each pair`);

  for (const socket of sockets.splice(fewPairs)) {
    socket.destroy();
  }
  await until('the connections to end', async () => {
    return (await weft.metrics()).value('weft_connections') === fewPairs;
  });
  // A quarter of what they took may stay: pages that a living one still has a part of.
  const tolerated = few + (many - few) / 4 + 262_144;
  await until(
    'the memory to come back',
    () => !measured || weft.privateDirtyBytes() <= tolerated,
    20_000,
  );
  t.diagnostic(`after they left ${weft.privateDirtyBytes()} B`);
});
