// Bytes that never repeat and are the same each time, so that lost, doubled and exchanged ones change the checksum.
//   node stream.mjs print SIZE    writes them to stdout
//   node stream.mjs sum SIZE      prints their sha256
//   node stream.mjs serve PORT    HTTP: GET /SIZE or /SIZE/... answers with them, PUT / with the sha256 of what came

import { createCipheriv, createHash } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const blockBytes = 1024 * 1024;

/** @param {number} size */
function* stream(size) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(blockBytes);
  for (let left = size; left > 0; left -= blockBytes) {
    yield cipher.update(zeros.subarray(0, Math.min(left, blockBytes)));
  }
}

/** @param {Iterable<Buffer> | AsyncIterable<Buffer>} chunks */
async function sumOf(chunks) {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** @param {number} port */
function serve(port) {
  const server = createServer(async (request, response) => {
    if (request.method === 'PUT') {
      response.end(await sumOf(request));
      return;
    }
    const size = Number(request.url?.split('/')[1]);
    response.setHeader('content-length', size);
    // Who leaves early gets no more; the next request is another one.
    await pipeline(Readable.from(stream(size)), response).catch(() => undefined);
  });
  server.listen(port, '127.0.0.1');
}

const [command, number] = process.argv.slice(2);
if (command === 'print') {
  await pipeline(Readable.from(stream(Number(number))), process.stdout);
} else if (command === 'sum') {
  process.stdout.write(`${await sumOf(stream(Number(number)))}\n`);
} else if (command === 'serve') {
  serve(Number(number));
} else {
  process.stderr.write('usage: node stream.mjs print SIZE | sum SIZE | serve PORT\n');
  process.exitCode = 2;
}
