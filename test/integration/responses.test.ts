// Every case of test/support/response-cases.ts, end to end: what a client gets of what a backend sends.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { responseCases } from '../support/response-cases.ts';
import { Backend, Client, freePort } from '../support/tcp.ts';
import { WeftRun } from '../support/weft.ts';

let weft: WeftRun;
let port = 0;

/** The path is the number of the case. */
const backend = await Backend.listen((socket) => {
  let asked = '';
  socket.on('data', (bytes: Buffer) => {
    asked += bytes.toString('latin1');
    const path = /^[A-Z]+ \/(\d+) .*\r\n\r\n$/s.exec(asked);
    if (path !== null) {
      socket.end(responseCases[Number(path[1])]?.bytes ?? '', 'latin1');
    }
  });
});

before(async () => {
  port = await freePort();
  weft = await WeftRun.start({
    workers: 1,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [backend.address] } },
  });
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  await backend.close();
});

for (const [index, { name, rfc, method = 'GET', gets }] of responseCases.entries()) {
  test(`${name} (${rfc})`, async () => {
    const client = await Client.connect(port);
    client.socket.write(`${method} /${index} HTTP/1.1\r\nHost: a\r\n\r\n`);
    if (gets === 'reset') {
      assert.equal(await client.end(), 'reset');
      return;
    }
    const wanted = gets === 502 ? 'HTTP/1.1 502 Bad Gateway\r\n' : gets;
    const text = await client.readUntil((got) => got.length >= wanted.length);
    assert.equal(gets === 502 ? text.slice(0, wanted.length) : text, wanted);
    // What came behind it reaches nobody.
    if (!wanted.includes('connection: close')) {
      client.socket.write('GET /0 HTTP/1.1\r\nHost: a\r\n\r\n');
      const next = await client.readUntil((got) => got.length > text.length + 12);
      assert.match(next.slice(next.lastIndexOf('HTTP/1.1 ')), /^HTTP\/1\.1 502 /);
    }
    client.close();
  });
}
