// Every case of test/support/smuggling-cases.ts, end to end: the status that the client gets, and what a backend with
// another parser (Node's, llhttp) saw of it: as many whole requests as the case says, and as Weft counted.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type RequestCase, requestCases } from '../support/smuggling-cases.ts';
import { Client, freePort } from '../support/tcp.ts';
import { WeftRun } from '../support/weft.ts';

let weft: WeftRun;
let port = 0;
let seen = 0;
let evil = 0;

const backend = createServer((asked, answer) => {
  evil += asked.url?.includes('evil') ? 1 : 0;
  asked.resume().once('end', () => {
    // One whose body turns out to be bad has begun to come, and is cut there.
    seen += 1;
    answer.writeHead(200, { 'content-length': 0 }).end();
  });
});

before(async () => {
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  port = await freePort();
  const endpoint = `127.0.0.1:${(backend.address() as AddressInfo).port}`;
  weft = await WeftRun.start({
    workers: 1,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', protocol: 'http1' }],
    clusters: { app: { endpoints: [endpoint] } },
  });
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  backend.close().closeAllConnections();
});

/** The statuses of what comes back, until there are so many. */
async function answersTo({ bytes, seen: passed, refused }: RequestCase): Promise<number[]> {
  const client = await Client.connect(port);
  client.socket.write(bytes, 'latin1');
  const expected = passed + (refused === undefined ? 0 : 1);
  const text = await client.readUntil((got) => statuses(got).length >= expected);
  client.close();
  return statuses(text);
}

function statuses(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

test('there are as many cases as there are ways', () => {
  const names = new Set(requestCases.map(({ name }) => name));
  assert.equal(names.size, requestCases.length, 'each has a name of its own');
  assert.ok(requestCases.length >= 150, `${requestCases.length} cases`);
});

for (const one of requestCases) {
  test(`${one.name} (${one.rfc})`, async () => {
    const before = seen;
    const expected = [
      ...Array.from({ length: one.seen }, () => 200),
      ...(one.refused === undefined ? [] : [one.refused]),
    ];
    assert.deepEqual(await answersTo(one), expected);
    assert.equal(seen - before, one.seen);
  });
}

test('the backend saw as many requests as Weft counted, and none that was hidden', async () => {
  const metrics = await weft.metrics();
  assert.equal(evil, 0);
  const answered = requestCases.reduce((sum, { seen: passed }) => sum + passed, 0);
  assert.equal(
    metrics.value('response_total', { dst_cluster: 'app', status_code: '200' }),
    answered,
  );
});
