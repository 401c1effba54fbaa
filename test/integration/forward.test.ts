// `weft forward` as a user types it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, test } from 'node:test';
import { Backend, Client, echo, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { Weft } from '../support/weft.ts';

/** Under a sanitizer time and memory are not the program's own. */
const slack = process.env['WEFT_SANITIZE'] === undefined ? 1 : 40;
const running: Weft[] = [];
const backends: Backend[] = [];

function forward(...args: string[]): Weft {
  const weft = new Weft(['forward', ...args]);
  running.push(weft);
  return weft;
}

async function backend(serve: Parameters<typeof Backend.listen>[0]): Promise<Backend> {
  const made = await Backend.listen(serve);
  backends.push(made);
  return made;
}

/** Tries until somebody listens. */
function connected(port: number): Promise<Client> {
  return until(`a listener on ${port}`, () => Client.connect(port).catch(() => null));
}

afterEach(async () => {
  for (const weft of running.splice(0)) {
    weft.signal('SIGKILL');
    await weft.ended;
  }
});

after(async () => {
  await Promise.all(backends.map((made) => made.close()));
});

test('it carries bytes, drains on SIGTERM and ends with 0', async () => {
  const { address } = await backend(echo);
  const port = await freePort();
  const weft = forward(`127.0.0.1:${port}`, address);
  const client = await connected(port);
  assert.equal(await client.exchange('hello'), 'hello');
  weft.signal('SIGTERM');
  await weft.logged('draining');
  assert.equal(await client.exchange('still here'), 'still here');
  client.socket.end();
  assert.equal(await client.end(), 'end');
  assert.deepEqual(await weft.ended, { code: 0, signal: null });
  assert.equal(weft.stderr, '');
});

test('it balances over its targets', async () => {
  const names = ['a', 'b', 'c'];
  const targets = await Promise.all(names.map((name) => backend(greet(name))));
  const port = await freePort();
  forward(
    `127.0.0.1:${port}`,
    ...targets.map(({ address }) => address),
    '--balancer',
    'roundRobin',
  );
  (await connected(port)).close();
  const greeted = new Set<string>();
  for (let count = 0; count < 12; count++) {
    const client = await Client.connect(port);
    greeted.add((await client.read(1)).toString());
    client.close();
  }
  assert.deepEqual([...greeted].sort(), names);
});

/** Wall time of a program that does nothing, in milliseconds. */
async function bareNode(): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - began;
}

test('bytes pass within 250 ms of its start', async () => {
  const { address } = await backend(echo);
  const times: number[] = [];
  const bare: number[] = [];
  // A busy machine slows a bare Node down as well; on a quiet one that takes 40 ms.
  const limit = (): number => 250 * slack * Math.max(1, Math.min(...bare) / 60);
  for (let attempt = 0; attempt < 10 && !times.some((ms) => ms <= limit()); attempt++) {
    bare.push(await bareNode());
    const port = await freePort();
    const began = performance.now();
    const weft = forward(`127.0.0.1:${port}`, address);
    const client = await connected(port);
    assert.equal(await client.exchange('x'), 'x');
    times.push(performance.now() - began);
    client.close();
    await weft.stop();
  }
  const whole = (list: readonly number[]): string => list.map((ms) => ms.toFixed(0)).join(', ');
  assert.ok(
    Math.min(...times) <= limit(),
    `took ${whole(times)} ms, a bare node ${whole(bare)} ms`,
  );
});

test('idle it holds at most 14 MB of memory of its own', async () => {
  const { address } = await backend(echo);
  const port = await freePort();
  const args = ['forward', `127.0.0.1:${port}`, address, '--workers', '2'];
  const weft = new Weft(args);
  running.push(weft);
  const client = await connected(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
  const mebibytes = weft.privateDirtyBytes() / 1024 / 1024;
  assert.ok(mebibytes <= 14 * slack, `${mebibytes.toFixed(1)} MiB private dirty`);
});

test('it has no admin server unless one is asked for, so two can run', async () => {
  const { address } = await backend(echo);
  const ports = [await freePort(), await freePort()];
  for (const port of ports) {
    forward(`127.0.0.1:${port}`, address);
  }
  for (const port of ports) {
    assert.equal(await (await connected(port)).exchange('x'), 'x');
  }
  const admin = await freePort();
  const third = forward(`127.0.0.1:${await freePort()}`, address, '--admin', `127.0.0.1:${admin}`);
  assert.equal((await third.logged('admin listening'))['address'], `127.0.0.1:${admin}`);
});

test('--access-log writes a line for each connection, at any --log-level', async () => {
  const { address } = await backend(echo);
  const port = await freePort();
  const weft = forward(`127.0.0.1:${port}`, address, '--access-log', '--log-level', 'silent');
  const client = await connected(port);
  await client.exchange('12345');
  client.socket.end();
  await client.end();
  const line = await weft.logged('connection closed', (one) => one['downstreamReadBytes'] === 5);
  assert.equal(line['closeReason'], 'finished');
  assert.equal(line['endpoint'], address);
  assert.equal(line['upstreamReadBytes'], 5);
  const others = weft.lines.filter(({ msg }) => msg !== 'connection closed');
  assert.deepEqual(others, [], 'the level is for the other lines');
});

test('a log that nobody reads any more ends nothing', async () => {
  const { address } = await backend(echo);
  const port = await freePort();
  const weft = forward(`127.0.0.1:${port}`, address, '--access-log');
  (await connected(port)).close();
  weft.closeOutput();
  for (let count = 0; count < 20; count++) {
    const client = await Client.connect(port);
    assert.equal(await client.exchange('x'), 'x');
    client.close();
  }
  assert.deepEqual(await weft.stop(), { code: 0, signal: null });
});

test('WEFT_TRACE_BOUNDARY=1 shows what crosses between the two halves', async () => {
  const { address } = await backend(echo);
  const port = await freePort();
  const weft = new Weft(['forward', `127.0.0.1:${port}`, address], {
    env: { WEFT_TRACE_BOUNDARY: '1' },
  });
  running.push(weft);
  (await connected(port)).close();
  await weft.stop();
  for (const crossing of ['start ', 'publish revision=1 ', 'publish done ', 'drain ', 'stop']) {
    assert.ok(weft.stderr.includes(`weft boundary: ${crossing}`), crossing);
  }
});
