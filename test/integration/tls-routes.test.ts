// TLS that is not ours goes where the names in its ClientHello lead, untouched: node's own TLS (with a shared key, so
// that no certificate is needed), and routes that are replaced while clients come.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, afterEach, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import type { ListenerConfig, TlsRouteConfig, UserConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, freePort, greet } from '../support/tcp.ts';
import { WeftRun } from '../support/weft.ts';

const psk = Buffer.from('a key for tests');

interface Named {
  readonly address: string;
  readonly close: () => unknown;
}

/** Tells every client its name, the name that was asked for, and the protocol that was agreed on. */
async function tlsBackend(name: string): Promise<Named> {
  const options = { ciphers: 'PSK', pskCallback: () => psk, ALPNProtocols: ['h2', 'http/1.1'] };
  const server = createServer(options as never, (socket) => {
    socket.on('error', () => socket.destroy());
    // With the callback for keys node sets servername and alpnProtocol as ever.
    socket.end(`${name} ${socket.servername || '-'} ${socket.alpnProtocol || '-'}`);
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: own } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${own}`, close: () => server.close() };
}

const api = await tlsBackend('api');
const web = await tlsBackend('web');
const plain = await Backend.listen(greet('plain'));
let weft: WeftRun;
let port = 0;

after(() => Promise.all([api.close(), web.close(), plain.close()]));

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
});

const toApi: TlsRouteConfig = { hostnames: ['api.example.com'], backendRefs: [{ cluster: 'api' }] };
const toWeb: TlsRouteConfig = { hostnames: ['*.example.com'], backendRefs: [{ cluster: 'web' }] };

function configOf(
  tlsRoutes: readonly TlsRouteConfig[],
  listener: Partial<ListenerConfig> = {},
): UserConfig {
  return {
    workers: 2,
    listeners: [
      { name: 'web', address: `127.0.0.1:${port}`, cluster: 'plain', tlsRoutes, ...listener },
    ],
    clusters: {
      api: { endpoints: [api.address] },
      web: { endpoints: [web.address] },
      plain: { endpoints: [plain.address] },
    },
    log: { accessLog: true },
  };
}

async function start(...config: Parameters<typeof configOf>): Promise<void> {
  port = await freePort();
  weft = await WeftRun.start(configOf(...config));
}

function open(servername: string | null, ALPNProtocols: readonly string[] = []): TLSSocket {
  const options = {
    port,
    host: '127.0.0.1',
    ...(servername === null ? {} : { servername }),
    ...(ALPNProtocols.length === 0 ? {} : { ALPNProtocols }),
    ciphers: 'PSK',
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  };
  return connect(options as unknown as ConnectionOptions);
}

/** What the backend says, or the error. */
async function ask(...asked: Parameters<typeof open>): Promise<string> {
  const socket = open(...asked);
  let text = '';
  try {
    for await (const chunk of socket) {
      text += String(chunk);
    }
    return text;
  } catch (error) {
    return String((error as Error).message);
  } finally {
    socket.destroy();
  }
}

test('names lead to their clusters, the most exact one first, and TLS is passed through', async () => {
  await start([toWeb, toApi]);
  assert.equal(await ask('api.example.com'), 'api api.example.com -');
  assert.equal(await ask('API.Example.com', ['h2']), 'api API.Example.com h2');
  assert.equal(await ask('a.b.example.com', ['http/1.1']), 'web a.b.example.com http/1.1');
  const line = await weft.logged('connection closed', (one) => one['cluster'] === 'web');
  assert.equal(line['protocol'], 'tls');
  const metrics = await weft.metrics();
  assert.equal(metrics.value('weft_connection_protocol_total', { protocol: 'tls' }), 3);
});

test('the protocols of a client choose among routes with the same name', async () => {
  const h2 = { ...toWeb, alpn: ['h2'] };
  await start([{ ...toWeb, backendRefs: [{ cluster: 'api' }] }, h2]);
  assert.equal(await ask('a.example.com', ['http/1.1', 'h2']), 'web a.example.com h2');
  assert.equal(await ask('a.example.com', ['http/1.1']), 'api a.example.com http/1.1');
  assert.equal(await ask('a.example.com'), 'api a.example.com -');
});

test('a name that leads nowhere is refused by an alert, and so is none', async () => {
  await start([toApi]);
  for (const name of ['example.com', 'api.example.org', null]) {
    assert.match(await ask(name), /unrecognized name/i, String(name));
  }
  const labels = { listener: 'web', reason: 'tls_no_route' };
  assert.equal((await weft.metrics()).value('weft_connection_close_total', labels), 3);
});

test('or it goes to the cluster of the listener, by setting', async () => {
  await start([toApi], { cluster: 'web', tlsUnrouted: 'forward' });
  assert.equal(await ask('other.org'), 'web other.org -');
  assert.equal(await ask(null), 'web - -');
  assert.equal(await ask('api.example.com'), 'api api.example.com -');
});

test('a route without names takes everything that no other has', async () => {
  await start([{ backendRefs: [{ cluster: 'web' }] }, toApi], { protocol: 'tls' });
  assert.equal(await ask('other.org'), 'web other.org -');
  assert.equal(await ask(null), 'web - -');
  assert.equal(await ask('api.example.com'), 'api api.example.com -');
});

test('what is no TLS goes where it went, and a server that speaks first is heard', async () => {
  await start([toApi]);
  const client = await Client.connect(port);
  assert.equal((await client.read(5)).toString(), 'plain');
  client.close();
});

test('connections are shared out by weight', async () => {
  const backendRefs = [
    { cluster: 'api', weight: 3 },
    { cluster: 'web', weight: 1 },
    { cluster: 'plain', weight: 0 },
  ];
  port = await freePort();
  weft = await WeftRun.start({ ...configOf([{ backendRefs }]), workers: 1 });
  const counts = new Map<string, number>();
  for (let i = 0; i < 20; i++) {
    const [name = ''] = (await ask('a.b')).split(' ');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), { api: 15, web: 5 });
});

test('routes that are replaced while clients come lose nobody', async () => {
  const routes = [[toApi], [{ ...toApi, backendRefs: [{ cluster: 'web' }] }, toWeb]];
  // Eight clients of one process: one that is late must not be taken for one that waits for the server.
  const allSpeak = { serverFirstAfter: null };
  await start(routes[0] ?? [], allSpeak);
  let isOver = false;
  const answers = new Map<string, number>();
  const visit = async () => {
    while (!isOver) {
      const answer = await ask('api.example.com');
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  const visitors = Array.from({ length: 8 }, visit);
  for (let round = 1; round <= 12; round++) {
    assert.equal(await weft.reload(configOf(routes[round % 2] ?? [], allSpeak)), 'success');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  isOver = true;
  await Promise.all(visitors);
  assert.deepEqual([...answers.keys()].toSorted(), [
    'api api.example.com -',
    'web api.example.com -',
  ]);
  assert.equal(await ask('api.example.com'), 'api api.example.com -');
});
