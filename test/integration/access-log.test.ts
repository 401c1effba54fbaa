// The access log of a running proxy: to stdout and to a file, in a format of the user's, sampled, rotated under load,
// and to a reader that does not read.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { http } from '../support/http.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { tempFolder, WeftRun } from '../support/weft.ts';

type AccessLog = NonNullable<UserConfig['log']>['accessLog'];

let backend: Backend;

before(async () => {
  backend = await Backend.listen(echo);
});

after(() => backend.close());

async function start(accessLog: AccessLog) {
  const port = await freePort();
  const configWith = (log: AccessLog): UserConfig => ({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [backend.address] } },
    log: { accessLog: log },
  });
  const weft = await WeftRun.start(configWith(accessLog));
  return { port, weft, configWith };
}

/** So many connections, one after the other. */
async function knock(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const client = await Client.connect(port);
    await client.exchange('x');
    client.socket.end();
    await client.end();
  }
}

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];

test('a file of JSON lines, one for each connection, rotated by rename and SIGHUP under load', async () => {
  const folder = tempFolder();
  const path = join(folder, 'access.log');
  const { port, weft } = await start({ to: path });
  let done = false;
  let count = 0;
  const traffic = Array.from({ length: 4 }, async () => {
    while (!done) {
      await knock(port, 1);
      count += 1;
    }
  });
  const files: string[] = [];
  for (let round = 0; round < 5; round++) {
    const goal = count + 50;
    await until('some traffic', () => count >= goal);
    const renamed = join(folder, `access.log.${round}`);
    files.push(renamed);
    renameSync(path, renamed);
    weft.signal('SIGHUP');
    await until('the file to be there again', () => existsSync(path));
  }
  done = true;
  await Promise.all(traffic);
  await weft.stop();
  const lines = [...files, path].flatMap(linesOf).map((line) => JSON.parse(line));
  assert.equal(lines.length, count, 'every line once');
  assert.equal(new Set(lines.map(({ connectionId }) => connectionId)).size, count);
  assert.ok(linesOf(path).length > 0);
  assert.ok(
    lines.every(
      ({ closeReason, direction }) => `${closeReason} ${direction}` === 'finished outbound',
    ),
  );
});

test('a format of the user`s own on stdout', async () => {
  const format = '{listener} {endpoint} {closeReason} {downstreamReadBytes}';
  const { port, weft } = await start({ format });
  await knock(port, 3);
  await until(
    'three lines',
    () => weft.stdout.split(`web ${backend.address} finished 1\n`).length === 4,
  );
  await weft.stop();
});

test('a sample is written, the rest is counted', async () => {
  const path = join(tempFolder(), 'access.log');
  const { port, weft } = await start({ to: path, sample: 0.5 });
  await knock(port, 200);
  const value = async (result: string): Promise<number> =>
    (await weft.metrics()).value('weft_access_log_records_total', { result });
  await until('all to be counted', async () => {
    return (await value('written')) + (await value('sampled_out')) === 200;
  });
  const written = await value('written');
  assert.ok(written > 60 && written < 140, String(written));
  assert.equal(linesOf(path).length, written);
  await weft.stop();
});

test('a reload moves the log to another file; one that cannot be opened changes nothing', async () => {
  const folder = tempFolder();
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  const { port, weft, configWith } = await start({ to: one });
  await knock(port, 2);
  await until('two lines', () => linesOf(one).length === 2);
  assert.equal(await weft.reload(configWith({ to: join(folder, 'no/such') })), 'failure');
  await knock(port, 1);
  await until('a third line', () => linesOf(one).length === 3);
  assert.equal(await weft.reload(configWith({ to: two, format: '{connectionId}' })), 'success');
  await knock(port, 2);
  await until('two lines in the other', () => linesOf(two).length === 2);
  assert.equal(linesOf(one).length, 3);
  assert.match(linesOf(two)[0] ?? '', /^\d+$/);
  await weft.stop();
});

test('a pipe that nobody reads stops no traffic and costs lines only', async () => {
  const path = join(tempFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  // Long lines, so that the pipe and the queue are full soon.
  const format = `{closeReason} ${'x'.repeat(60_000)}`;
  const { port, weft } = await start({ to: path, format });
  await knock(port, 200);
  await until('lines to be dropped', async () => {
    const metrics = await weft.metrics();
    return metrics.value('weft_access_log_records_total', { result: 'dropped' }) > 50;
  });
  await knock(port, 50);
  const startedMs = performance.now();
  assert.deepEqual(await weft.stop(), { code: 0, signal: null });
  assert.ok(performance.now() - startedMs < 5_000);
  closeSync(reader);
});

test('a file that cannot be opened at the start is one sentence', async () => {
  await assert.rejects(
    start({ to: '/no/such/folder/access.log' }),
    /log\.accessLog\.to: cannot open/,
  );
});

test('a request has a line with what was asked, where it went and its trace', async () => {
  const server = createServer((_asked, answer) => answer.writeHead(201).end('four'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const port = await freePort();
  const httpRoutes = [{ name: 'shop', rules: [{ backendRefs: [{ cluster: 'app' }] }] }];
  const weft = await WeftRun.start({
    listeners: [
      {
        name: 'web',
        address: `127.0.0.1:${port}`,
        cluster: 'app',
        http: { requestId: 'x-request-id' },
        httpRoutes,
      },
    ],
    clusters: { app: { endpoints: [endpoint] } },
    log: { accessLog: { lines: 'requests' } },
  });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const { status } = await http(`127.0.0.1:${port}`, '/cart?a=b', {
    method: 'POST',
    body: 'hello',
    headers: { traceparent, 'user-agent': 'test' },
  });
  assert.equal(status, 201);
  const line = await weft.logged('request ended');
  const { connectionId, started, durationUs, downstreamAddress, requestId, ...rest } = line;
  assert.match(String(requestId), /^[0-9a-f]{32}$/);
  assert.match(String(downstreamAddress), /^127\.0\.0\.1:/);
  assert.ok(Number(durationUs) > 0 && Number(durationUs) < 10_000_000);
  assert.ok(Math.abs(Date.parse(String(started)) - Date.now()) < 60_000);
  const wanted = {
    listener: 'web',
    direction: 'outbound',
    route: 'shop',
    cluster: 'app',
    endpoint,
    upstreamAddress: endpoint,
    method: 'POST',
    host: `127.0.0.1:${port}`,
    path: '/cart?a=b',
    status: 201,
    closeReason: 'finished',
    requestBytes: 5,
    responseBytes: 4,
    connectCount: 1,
    retryCount: 0,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    userAgent: 'test',
  };
  assert.deepEqual({ ...rest, ...wanted }, rest);
  server.close().closeAllConnections();
  weft.signal('SIGTERM');
  await weft.ended;
  assert.equal(weft.lines.filter(({ msg }) => msg === 'connection closed').length, 0);
});
