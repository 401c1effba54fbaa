// Listeners and endpoints of every kind of address, in every combination.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type ListenOptions, type NetConnectOpts, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { ListenerConfig } from '../../lib/config/user-config.ts';
import { ByteStream, open, Received, sendBytes } from '../support/stream.ts';
import { echo, freePort } from '../support/tcp.ts';
import { tempFolder, Weft, WeftRun } from '../support/weft.ts';

const folder = tempFolder();
const servers: Server[] = [];
let weft: Weft | null = null;

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
  weft = null;
});

after(() => {
  for (const server of servers) {
    server.close();
  }
});

async function listen(options: ListenOptions): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, echo).listen(options);
  servers.push(server);
  await once(server, 'listening');
}

/** An address as it is written in a configuration, and how to connect to it. */
interface Place {
  readonly text: string;
  readonly to: NetConnectOpts;
}

const kinds = ['IPv4', 'IPv6', 'unix'] as const;
type Kind = (typeof kinds)[number];

async function place(kind: Kind, name: string): Promise<Place> {
  if (kind === 'unix') {
    const path = join(folder, `${name}.sock`);
    return { text: `unix:${path}`, to: { path } };
  }
  const port = await freePort();
  return kind === 'IPv4'
    ? { text: `127.0.0.1:${port}`, to: { port, host: '127.0.0.1' } }
    : { text: `[::1]:${port}`, to: { port, host: '::1' } };
}

function start(
  listeners: readonly Omit<ListenerConfig, 'cluster'>[],
  endpoint: string,
): Promise<WeftRun> {
  return WeftRun.start({
    listeners: listeners.map((listener) => ({ ...listener, cluster: 'app' })),
    clusters: { app: { endpoints: [endpoint] } },
  }).then((run) => {
    weft = run;
    return run;
  });
}

/** Bytes there and back, half-closed in between. */
async function carries(to: NetConnectOpts, size = 300_000): Promise<void> {
  const socket = await open(to);
  const received = new Received(socket, size);
  await sendBytes(socket, new ByteStream(size), size);
  socket.end();
  assert.deepEqual(await received.outcome(), ['end', size, null]);
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  );
}

const noIpv6 = hasIpv6() ? false : 'this machine has no ::1';

for (const from of kinds) {
  for (const to of kinds) {
    const skip = from === 'IPv6' || to === 'IPv6' ? noIpv6 : false;
    test(`${from} listener, ${to} endpoint`, { skip }, async () => {
      const listener = await place(from, `${from}-${to}-listener`);
      const endpoint = await place(to, `${from}-${to}-endpoint`);
      await listen(endpoint.to as ListenOptions);
      await start([{ address: listener.text }], endpoint.text);
      await carries(listener.to);
      // Enough to be spliced where that is possible.
      await carries(listener.to, 20_000_000);
    });
  }
}

async function refuses(to: NetConnectOpts): Promise<boolean> {
  return open(to).then(
    (socket) => {
      socket.destroy();
      return false;
    },
    () => true,
  );
}

test('[::] takes IPv6 and IPv4 clients', { skip: noIpv6 }, async () => {
  const endpoint = await place('IPv4', 'dual');
  await listen(endpoint.to as ListenOptions);
  const port = await freePort();
  await start([{ address: `[::]:${port}` }], endpoint.text);
  await carries({ port, host: '::1' });
  await carries({ port, host: '127.0.0.1' });
});

test('[::] with ipv6Only leaves IPv4 to another listener', { skip: noIpv6 }, async () => {
  const endpoint = await place('IPv4', 'six');
  await listen(endpoint.to as ListenOptions);
  const port = await freePort();
  const run = await start([{ address: `[::]:${port}`, ipv6Only: true }], endpoint.text);
  await carries({ port, host: '::1' });
  assert.ok(await refuses({ port, host: '127.0.0.1' }));
  await run.reload({
    listeners: [
      { address: `[::]:${port}`, ipv6Only: true, cluster: 'app' },
      { address: `127.0.0.1:${port}`, cluster: 'app' },
    ],
    clusters: { app: { endpoints: [endpoint.text] } },
  });
  await carries({ port, host: '127.0.0.1' });
});

test('a unix socket has the mode that was asked for, and goes with the proxy', async () => {
  const endpoint = await place('IPv4', 'mode');
  await listen(endpoint.to as ListenOptions);
  const listener = await place('unix', 'mode-listener');
  const path = join(folder, 'mode-listener.sock');
  const run = await start([{ address: listener.text, unixMode: '0600' }], endpoint.text);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await carries(listener.to);
  await run.stop();
  assert.equal(existsSync(path), false, 'the socket file is left behind');
});

test('a socket file that a killed proxy left behind is replaced; another file is not', async () => {
  const endpoint = await place('IPv4', 'stale');
  await listen(endpoint.to as ListenOptions);
  const listener = await place('unix', 'stale-listener');
  const first = await start([{ address: listener.text }], endpoint.text);
  first.signal('SIGKILL');
  await first.ended;
  await start([{ address: listener.text }], endpoint.text);
  await carries(listener.to);

  const path = join(folder, 'precious.txt');
  writeFileSync(path, 'precious');
  const failing = new Weft(['forward', `unix:${path}`, endpoint.text]);
  assert.equal((await failing.ended).code, 1);
  assert.match(failing.stderr, /precious\.txt/);
  assert.equal(statSync(path).size, 8);
});

test('a unix socket that another proxy listens on is not taken from it', async () => {
  const endpoint = await place('IPv4', 'live');
  await listen(endpoint.to as ListenOptions);
  const listener = await place('unix', 'live-listener');
  await start([{ address: listener.text }], endpoint.text);
  const second = new Weft(['forward', listener.text, endpoint.text]);
  assert.equal((await second.ended).code, 1);
  await carries(listener.to);
});
