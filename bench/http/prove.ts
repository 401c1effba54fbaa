// Before figures count: a proxy answers pipelined requests in their order, and sends bodies back as they came.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { portOf } from '../support/ports.ts';
import { pathOf, pipelineDepth, type Row, rows } from './rows.ts';

const patienceMs = 5_000;

/** Sends `text`; resolves with what came as soon as `enough` is content with it. */
function exchange(address: string, text: string, enough: (answer: string) => boolean) {
  return new Promise<string>((resolve, reject) => {
    const socket = connect(portOf(address), '127.0.0.1');
    let answer = '';
    const finish = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patienceMs, finish);
    socket.on('error', reject);
    socket.on('end', finish);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (enough(answer)) finish();
    });
    socket.write(text);
  });
}

const lengthsIn = (answer: string) =>
  [...answer.matchAll(/^content-length: (\d+)\r$/gim)].map(([, length]) => Number(length));

/** Answers of two lengths, in an order that nothing but the order of the requests explains. */
async function provePipelining(address: string): Promise<void> {
  const [small, large] = ['get-50', 'body-10k'].map((name) =>
    rows.find((row) => row.name === name),
  );
  assert.ok(small && large);
  const order = Array.from({ length: pipelineDepth }, (_, i) => ((i * i) % 5 < 2 ? small : large));
  const text = order.map((row) => `GET ${pathOf(row)} HTTP/1.1\r\nHost: bench\r\n\r\n`).join('');
  const answer = await exchange(address, text, (part) => lengthsIn(part).length >= order.length);
  const wanted = order.map(({ bodyBytes }) => bodyBytes);
  assert.deepEqual(lengthsIn(answer), wanted, 'pipelined requests were not answered in order');
}

async function proveEcho(row: Row, address: string): Promise<void> {
  const body = Array.from({ length: row.bodyBytes }, (_, i) => String.fromCharCode(97 + (i % 23)));
  const options = { method: 'POST', body: body.join(''), signal: AbortSignal.timeout(patienceMs) };
  const response = await fetch(`http://${address}${pathOf(row)}`, options);
  assert.equal(await response.text(), options.body, 'the body did not come back as it went');
}

/** Throws when it does not. */
export async function prove(row: Row, address: string): Promise<void> {
  if (row.request === 'pipelined') await provePipelining(address);
  if (row.request === 'post' || row.request === 'chunked') await proveEcho(row, address);
}
