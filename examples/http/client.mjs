// fetch (undici) against the application: many at once, streams both ways, a redirect, a range, server-sent events.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import process from 'node:process';

const [base = ''] = process.argv.slice(2);
const large = randomBytes(4 * 1024 * 1024);

const hellos = await Promise.all(
  Array.from({ length: 200 }, async () => (await fetch(`${base}/apache/hello.txt`)).text()),
);
assert.ok(hellos.every((text) => text === 'hello\n'));

/** @param {number} pieces */
async function* cut(pieces) {
  const size = Math.ceil(large.length / pieces);
  for (let at = 0; at < large.length; at += size) yield large.subarray(at, at + size);
}

const streamed = await fetch(`${base}/sum`, {
  method: 'POST',
  body: ReadableStream.from(cut(97)),
  duplex: 'half',
});
assert.equal(await streamed.text(), `${createHash('sha256').update(large).digest('hex')}\n`);

const echoed = await fetch(`${base}/echo`, { method: 'POST', body: large });
assert.deepEqual(Buffer.from(await echoed.arrayBuffer()), large);
assert.equal(echoed.headers.get('x-client'), '127.0.0.1');
assert.match(String(echoed.headers.get('x-request-id')), /^[0-9a-f]{32}$/);

const words = large.toString('base64');
const led = await fetch(`${base}/redirect`, { method: 'POST', body: words });
assert.equal(await led.text(), words);
const range = await fetch(`${base}/nginx/large`, { headers: { range: 'bytes=100-199' } });
assert.equal(range.status, 206);
assert.equal((await range.arrayBuffer()).byteLength, 100);

const events = await (await fetch(`${base}/events`)).text();
assert.equal(events, Array.from({ length: 10 }, (_, index) => `data: ${index + 1}\n\n`).join(''));
console.log('200 requests at once, 4 MiB in chunks and back, a redirect, a range, 10 events');
