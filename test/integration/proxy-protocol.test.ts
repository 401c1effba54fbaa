// The PROXY protocol on a running proxy: who is believed, what is refused, what is passed on, and the address that
// everybody is shown.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { ClusterConfig, ListenerConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function tlv(type: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([type, 0, value.length]), Buffer.from(value)]);
}

/** Version 2, PROXY, TCP over IPv4: 192.0.2.7:4711 to 198.51.100.2:443. */
function version2(command: number, tlvs: Buffer = Buffer.alloc(0)): Buffer {
  const addresses = Buffer.from('c0000207c6336402126701bb', 'hex');
  const length = Buffer.from([0, addresses.length + tlvs.length]);
  return Buffer.concat([signature, Buffer.from([command, 0x11]), length, addresses, tlvs]);
}

const line = 'PROXY TCP4 192.0.2.7 198.51.100.2 4711 443\r\n';
const believed = { from: ['127.0.0.0/8'] };

/** Everything that each connection has sent. */
let received: string[];
let backend: Backend;

before(async () => {
  received = [];
  backend = await Backend.listen((socket: Socket) => {
    const index = received.push('') - 1;
    socket.on('data', (chunk: Buffer) => {
      received[index] += chunk.toString('latin1');
      socket.write(chunk);
    });
    socket.on('end', () => socket.end());
  });
});

after(() => backend.close());

async function start(
  listener: Partial<ListenerConfig>,
  cluster: Partial<ClusterConfig> = {},
  endpoint = backend.address,
) {
  const port = await freePort();
  received = [];
  const weft = await WeftRun.start({
    workers: 1,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', ...listener }],
    clusters: { app: { endpoints: [endpoint], ...cluster } },
    log: { accessLog: true },
  });
  return { port, weft };
}

const closed = (weft: WeftRun) => weft.logged('connection closed');

for (const protocol of ['detect', 'opaque'] as const) {
  test(`a header in one piece with what follows, or byte by byte: ${protocol}`, async () => {
    const { port, weft } = await start({ proxyProtocol: believed, protocol });
    for (const header of [Buffer.from(line), version2(0x21)]) {
      const client = await Client.connect(port);
      client.socket.write(Buffer.concat([header, Buffer.from('hello')]));
      assert.equal((await client.read(5)).toString(), 'hello');
      const { connections } = await weft.json<{
        connections: readonly { readonly downstreamAddress: string }[];
      }>('/connections');
      assert.equal(connections[0]?.downstreamAddress, '192.0.2.7:4711');
      client.socket.end();
      await client.end();

      const slow = await Client.connect(port);
      for (const byte of header) {
        slow.socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(await slow.exchange('world'), 'world');
      slow.socket.end();
      await slow.end();
    }
    assert.equal((await closed(weft))['downstreamAddress'], '192.0.2.7:4711');
    assert.deepEqual(received, ['hello', 'world', 'hello', 'world']);
    await weft.stop();
  });
}

test('LOCAL and UNKNOWN leave the address of the connection', async () => {
  const { port, weft } = await start({ proxyProtocol: believed });
  for (const header of [Buffer.from('PROXY UNKNOWN\r\n'), version2(0x20)]) {
    const client = await Client.connect(port);
    client.socket.write(header);
    assert.equal(await client.exchange('hello'), 'hello');
    client.socket.end();
    await client.end();
  }
  assert.match(String((await closed(weft))['downstreamAddress']), /^127\.0\.0\.1:/);
  await weft.stop();
});

test('what is malformed, late or missing is reset with its reason', async () => {
  const { port, weft } = await start({ proxyProtocol: { ...believed, timeout: '300ms' } });
  const wrong = version2(0x21);
  wrong[12] = 0x31;
  const badChecksum = version2(0x21, tlv(3, 'abcd'));
  const texts = ['GET / HTTP/1.1\r\n\r\n', 'PROXY TCP4 1.2.3.4\r\n', 'PROXY TC', ''];
  for (const bytes of [wrong, badChecksum, ...texts.map((text) => Buffer.from(text))]) {
    const client = await Client.connect(port);
    client.socket.write(bytes);
    assert.equal(await client.end(), 'reset');
  }
  await until('all to be counted', async () => {
    const labels = { listener: 'web', reason: 'proxy_protocol_error' };
    return (await weft.metrics()).value('weft_connection_close_total', labels) === 6;
  });
  assert.equal((await closed(weft))['closeReason'], 'proxy_protocol_error');
  assert.deepEqual(received, []);
  await weft.stop();
});

test('whoever is not believed is served, and a header of his is payload', async () => {
  const { port, weft } = await start({ proxyProtocol: { from: ['10.0.0.0/8', 'fd00::/8'] } });
  const client = await Client.connect(port);
  assert.equal(await client.exchange(line), line);
  client.socket.end();
  await client.end();
  assert.match(String((await closed(weft))['downstreamAddress']), /^127\.0\.0\.1:/);
  assert.deepEqual(received, [line]);
  await weft.stop();
});

test('without required: false nobody may leave it out; with it, both ways work', async () => {
  const policy = { ...believed, required: false, timeout: '200ms' };
  const { port, weft } = await start({ proxyProtocol: policy });
  for (const first of ['', line]) {
    const client = await Client.connect(port);
    client.socket.write(`${first}hello`);
    assert.equal((await client.read(5)).toString(), 'hello');
    client.close();
  }
  assert.deepEqual(received, ['hello', 'hello']);
  await weft.stop();
});

test('a header is sent with the addresses of the connection', async () => {
  const { port, weft } = await start({}, { proxyProtocol: 'v1' });
  const client = await Client.connect(port);
  client.socket.write('hello');
  await until('the bytes', () => received[0]?.endsWith('hello') ?? false);
  const own = client.socket.localPort;
  assert.equal(received[0], `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port}\r\nhello`);
  client.close();
  await weft.stop();
});

test('what came with a header is passed on, TLVs and all, and translated where it must be', async () => {
  const tlvs = Buffer.concat([
    tlv(1, 'h2'),
    tlv(2, 'shop.example.com'),
    tlv(5, 'id'),
    tlv(224, ''),
  ]);
  const header = version2(0x21, tlvs);
  for (const [version, expected] of [
    ['v2', header.toString('latin1')],
    ['v1', line],
  ] as const) {
    const { port, weft } = await start({ proxyProtocol: believed }, { proxyProtocol: version });
    const client = await Client.connect(port);
    client.socket.write(Buffer.concat([header, Buffer.from('hello')]));
    await until('the bytes', () => received[0]?.endsWith('hello') ?? false);
    assert.equal(received[0], `${expected}hello`);
    client.close();
    await weft.stop();
  }
});

test('a server that speaks first has the header before it is asked for anything', async () => {
  const server = await Backend.listen((socket) => {
    socket.once('data', (chunk: Buffer) => greet(`220 ${chunk.toString().slice(11, 20)}`)(socket));
  });
  const { port, weft } = await start(
    { proxyProtocol: believed },
    { proxyProtocol: 'v1' },
    server.address,
  );
  const client = await Client.connect(port);
  client.socket.write(line);
  assert.equal((await client.read(13)).toString(), '220 192.0.2.7');
  client.close();
  await weft.stop();
  await server.close();
});
