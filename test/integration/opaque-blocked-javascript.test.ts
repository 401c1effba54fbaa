// JavaScript decides and never moves a byte: with its thread blocked for five seconds, new connections and messages are
// answered as before.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { killWithUs } from '../support/kill-with-us.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';

const program = join(import.meta.dirname, '../support/blocked-program.js');
const blockedMs = 5_000;
const answerMsMax = 200;

let backend: Backend;
let child: ChildProcess;
let port = 0;

before(async () => {
  backend = await Backend.listen(echo);
  port = await freePort();
  child = killWithUs(
    fork(program, [String(port), JSON.stringify({ endpoints: [backend.address] })]),
  );
  await says('ready');
});

after(async () => {
  child.kill('SIGKILL');
  await backend.close();
});

async function says(word: string): Promise<void> {
  const [message] = (await once(child, 'message')) as [string];
  assert.equal(message, word);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** A new connection with a message, from connect to answer. */
async function visit(to: number): Promise<void> {
  const client = await Client.connect(to);
  assert.equal(await client.exchange('new'), 'new');
  client.close();
}

test(`JavaScript blocked for ${blockedMs} ms: each new connection and message is answered in time`, async (t) => {
  const lasting = await Promise.all(Array.from({ length: 8 }, () => Client.connect(port)));
  let isBlocked = true;
  const began = performance.now();
  const awake = (async (): Promise<void> => {
    child.send(blockedMs);
    await says('blocking');
    await says('awake');
    isBlocked = false;
  })();
  const slowest = { message: 0, connection: 0, direct: 0 };
  let count = 0;
  while (isBlocked) {
    for (const client of lasting) {
      const took = await timed(async () => assert.equal(await client.exchange('msg'), 'msg'));
      slowest.message = Math.max(slowest.message, took);
    }
    slowest.connection = Math.max(slowest.connection, await timed(() => visit(port)));
    // What this machine makes wait without Weft is not Weft's.
    slowest.direct = Math.max(slowest.direct, await timed(() => visit(backend.port)));
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await awake;
  const tookMs = performance.now() - began;
  t.diagnostic(
    `${count} rounds; slowest message ${slowest.message.toFixed(1)} ms, connection ` +
      `${slowest.connection.toFixed(1)} ms, the same without Weft ${slowest.direct.toFixed(1)} ms`,
  );
  assert.ok(tookMs >= blockedMs, `it was blocked for ${tookMs.toFixed(0)} ms only`);
  assert.ok(count >= 20, `only ${count} rounds`);
  assert.ok(slowest.message <= answerMsMax + slowest.direct, `${slowest.message.toFixed(0)} ms`);
  assert.ok(
    slowest.connection <= answerMsMax + slowest.direct,
    `${slowest.connection.toFixed(0)} ms`,
  );
  for (const client of lasting) {
    client.close();
  }
});
