// The order of a drain: what came in finishes while the workload can still call out, on new connections too.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, afterEach, test } from 'node:test';
import type { DrainConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

/** What the workload calls out to. */
const database = await Backend.listen(echo);
let outboundPort = 0;

/** For each request the workload opens a new connection out, through the same Weft. */
const workload = await Backend.listen((socket: Socket) => {
  socket.on('data', (question) => {
    const out = connect({ port: outboundPort, host: '127.0.0.1' });
    out.on('error', () => socket.write('!'.repeat(question.length)));
    out.on('data', (answer) => {
      socket.write(answer);
      out.destroy();
    });
    out.write(question);
  });
  socket.on('end', () => socket.end());
});

let weft: WeftRun | null = null;
let inboundPort = 0;

after(async () => {
  await database.close();
  await workload.close();
});

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
});

async function start(drain: DrainConfig): Promise<WeftRun> {
  inboundPort = await freePort();
  outboundPort = await freePort();
  weft = await WeftRun.start({
    listeners: [
      {
        name: 'in',
        address: `127.0.0.1:${inboundPort}`,
        cluster: 'workload',
        direction: 'inbound',
      },
      { name: 'out', address: `127.0.0.1:${outboundPort}`, cluster: 'database' },
    ],
    clusters: {
      workload: { endpoints: [workload.address] },
      database: { endpoints: [database.address] },
    },
    drain,
  });
  return weft;
}

async function refused(port: number): Promise<void> {
  await until(`port ${port} to be refused`, () =>
    Client.connect(port).then(
      (late) => {
        late.close();
        return false;
      },
      () => true,
    ),
  );
}

async function asking(): Promise<Client> {
  const client = await Client.connect(inboundPort);
  assert.equal(await client.exchange('before'), 'before');
  return client;
}

test('inbound closes first; what came in still gets new connections out; then outbound closes', async () => {
  const run = await start({ deadline: '30s' });
  const client = await asking();
  run.signal('SIGTERM');
  await refused(inboundPort);
  assert.equal((await run.get('/ready')).status, 503);
  assert.equal(await client.exchange('while draining'), 'while draining');
  const out = await Client.connect(outboundPort);
  assert.equal(await out.exchange('mine'), 'mine');
  client.socket.end();
  assert.equal(await client.end(), 'end');
  await run.logged('draining outbound', (line) => line['inboundEnded'] === true);
  await refused(outboundPort);
  assert.equal(await out.exchange('last words'), 'last words', 'what is open out finishes too');
  out.socket.end();
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.equal((await run.logged('drained'))['forcedCount'], 0);
});

test('outbound closes after outboundOpenMax at the latest; inbound goes on until the deadline', async () => {
  const run = await start({ deadline: '2s', outboundOpenMax: '300ms' });
  const client = await asking();
  run.signal('SIGTERM');
  await run.logged('draining outbound', (line) => line['inboundEnded'] === false);
  await refused(outboundPort);
  assert.equal(await client.exchange('?'), '!', 'inbound lives, and cannot call out any more');
  assert.equal(await client.end(), 'reset');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.equal((await run.logged('drained'))['forcedCount'], 1);
});

test('outbound stays open for outboundOpenMin, also when nothing came in', async () => {
  const run = await start({ deadline: '30s', outboundOpenMin: '4s' });
  const began = performance.now();
  run.signal('SIGTERM');
  await refused(inboundPort);
  const out = await Client.connect(outboundPort);
  assert.equal(await out.exchange('a job'), 'a job');
  out.close();
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.ok(performance.now() - began > 4_000);
});

test("order: 'together' closes everything at once", async () => {
  const run = await start({ deadline: '30s', order: 'together' });
  const client = await asking();
  run.signal('SIGTERM');
  await refused(inboundPort);
  await refused(outboundPort);
  assert.equal(await client.exchange('?'), '!');
  client.socket.end();
  assert.deepEqual(await run.ended, { code: 0, signal: null });
});

test('a second signal stops at once while outbound is still open', async () => {
  const run = await start({ deadline: '60s' });
  const client = await asking();
  const out = await Client.connect(outboundPort);
  assert.equal(await out.exchange('open'), 'open');
  run.signal('SIGTERM');
  await refused(inboundPort);
  run.signal('SIGTERM');
  assert.equal(await client.end(), 'reset');
  assert.equal(await out.end(), 'reset');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
});
