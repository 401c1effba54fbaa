import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type AdminLimits, AdminServer, adminLimits } from '../../../lib/admin/server.ts';
import { parseAddress } from '../../../lib/base/address.ts';
import { ProxyError } from '../../../lib/base/errors.ts';
import { FakeView } from '../../support/fake-view.ts';
import { http } from '../../support/http.ts';

const limits: AdminLimits = {
  ...adminLimits,
  headerTimeoutMs: 1_500,
  requestTimeoutMs: 2_000,
  idleTimeoutMs: 2_500,
  checkIntervalMs: 100,
};

let view = new FakeView();
let server: AdminServer;
let address = '';
const errors: unknown[] = [];

async function listen(text: string): Promise<AdminServer> {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok);
  const delegate = new Proxy({} as FakeView, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(view, name);
      return typeof value === 'function' ? value.bind(view) : value;
    },
  });
  return AdminServer.listen({
    address: parsed.value,
    view: delegate,
    limits,
    onError: (error) => errors.push(error),
  });
}

before(async () => {
  server = await listen('127.0.0.1:0');
  address = server.address;
});

after(() => server.close());

beforeEach(() => {
  view = new FakeView();
  errors.length = 0;
});

/** Sends bytes as they are and gives back everything until the server closes. */
async function raw(bytes: string): Promise<string> {
  const port = Number(address.split(':').at(-1));
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return answer;
}

test('/ready is 200 when ready and 503 with the reason when not', async () => {
  assert.equal((await http(address, '/ready')).status, 200);
  view.state = { ready: false, state: 'draining' };
  const answer = await http(address, '/ready');
  assert.equal(answer.status, 503);
  assert.match(answer.text, /draining/);
});

test('/live is 200 also while not ready', async () => {
  view.state = { ready: false, state: 'starting' };
  assert.equal((await http(address, '/live')).status, 200);
});

for (const [accept, format, type] of [
  [undefined, 'text', 'text/plain; version=0.0.4; charset=utf-8'],
  ['*/*', 'text', 'text/plain; version=0.0.4; charset=utf-8'],
  [
    'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  ],
  [
    'application/openmetrics-text;q=0.2,text/plain',
    'text',
    'text/plain; version=0.0.4; charset=utf-8',
  ],
  ['application/openmetrics-text;q=0', 'text', 'text/plain; version=0.0.4; charset=utf-8'],
] as const) {
  test(`/metrics with Accept ${accept} is ${format}`, async () => {
    const headers = accept === undefined ? {} : { accept };
    const answer = await http(address, '/metrics', { headers });
    assert.equal(answer.headers['content-type'], type);
    assert.equal(answer.text, `# ${format}\nweft_up 1\n`);
  });
}

test('a long answer is compressed for who accepts gzip, and for nobody else', async () => {
  view.metricsText = 'weft_up 1\n'.repeat(500);
  const headers = { 'accept-encoding': 'br, gzip;q=0.5' };
  const answer = await http(address, '/metrics', { headers });
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(answer.raw).toString(), `# text\n${view.metricsText}`);
  for (const refused of ['identity', 'gzip;q=0', 'deflate']) {
    const plain = await http(address, '/metrics', { headers: { 'accept-encoding': refused } });
    assert.equal(plain.headers['content-encoding'], undefined, refused);
    assert.equal(plain.text, `# text\n${view.metricsText}`);
  }
});

test('HEAD has the headers of GET and no body', async () => {
  const get = await http(address, '/metrics');
  const head = await http(address, '/metrics', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal(head.raw.length, 0);
});

test('/config shows both revisions and no secret', async () => {
  const config = {
    tls: { privateKey: 'abc', keyFile: '/run/key.pem' },
    url: 'https://user:pass@example.org/x',
    pem: 'x -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- y',
    tokens: ['t1'],
    keepalive: { idleMs: 5 },
  };
  view.configReport = { desiredRevision: 9, appliedRevision: 8, config };
  const answer = await http(address, '/config');
  assert.deepEqual(JSON.parse(answer.text), {
    desiredRevision: 9,
    appliedRevision: 8,
    config: {
      tls: { privateKey: '[redacted]', keyFile: '/run/key.pem' },
      url: 'https://[redacted]@example.org/x',
      pem: 'x [redacted] y',
      tokens: '[redacted]',
      keepalive: { idleMs: 5 },
    },
  });
});

test('/connections takes filters, and tells a mistake with the word that was meant', async () => {
  const ask = async (query: string): Promise<string> => {
    const { status, text } = await http(address, `/connections?${query}`);
    return status === 200 ? JSON.stringify(view.filters.at(-1)) : `${status} ${text}`;
  };
  const all = {
    listener: null,
    cluster: null,
    direction: null,
    state: null,
    protocol: null,
    address: null,
    ageMsMin: 0,
  };
  const filtered = (change: object): string => JSON.stringify({ ...all, ...change });
  assert.equal(await ask('limit=5'), filtered({}));
  assert.equal(
    await ask('listener=web&cluster=app&direction=inbound&state=open&protocol=tls&olderThan=1m30s'),
    filtered({
      listener: 'web',
      cluster: 'app',
      direction: 'inbound',
      state: 'open',
      protocol: 'tls',
      ageMsMin: 90_000,
    }),
  );
  for (const [given, canonical] of [
    ['10.0.0.5', '10.0.0.5'],
    ['10.0.0.5:80', '10.0.0.5:80'],
    ['[0::1]:80', '[::1]:80'],
    ['::1', '[::1]'],
    ['[::1]', '[::1]'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ['localhost', '127.0.0.1'],
  ]) {
    const query = `address=${encodeURIComponent(given ?? '')}`;
    assert.equal(await ask(query), filtered({ address: canonical }), given);
  }
  assert.match(
    await ask('listner=web'),
    /^400 there is no parameter listner\. Did you mean 'listener'/,
  );
  assert.match(await ask('listener=wep'), /^400 listener: there is no 'wep'\. Did you mean 'web'/);
  assert.match(await ask('cluster=zzzzz'), /^400 cluster: .*There are app\./);
  assert.match(await ask('state=opne&direction=up'), /^400 direction: [^\n]+\nstate: /);
  assert.match(await ask('protocol=http'), /^400 protocol: .*Did you mean 'http[12]'/);
  assert.match(await ask('address=somewhere'), /^400 address: expected/);
  assert.match(await ask('olderThan=5'), /^400 olderThan: .*Add a unit/);
});

test('/connections takes a limit and refuses a wrong one', async () => {
  assert.equal((await http(address, '/connections')).status, 200);
  assert.equal((await http(address, '/connections?limit=7')).status, 200);
  assert.deepEqual(view.asked, ['connections 100', 'connections 7']);
  for (const wrong of ['0', '-1', '1e3', '10001', 'x', '']) {
    assert.equal((await http(address, `/connections?limit=${wrong}`)).status, 400, wrong);
  }
});

test('/log-level shows and sets the level, and refuses an unknown word', async () => {
  const set = await http(address, '/log-level', { method: 'PUT', body: 'debug\n' });
  assert.equal(set.status, 200);
  assert.equal(view.level, 'debug');
  assert.equal((await http(address, '/log-level')).text, 'debug\n');
  const wrong = await http(address, '/log-level', { method: 'PUT', body: 'loud' });
  assert.equal(wrong.status, 400);
  assert.equal(view.level, 'debug');
});

test('/drain begins a drain with the deadline that was asked for', async () => {
  const answer = await http(address, '/drain?deadline=30s', { method: 'POST' });
  assert.equal(answer.status, 202);
  assert.deepEqual(JSON.parse(answer.text), { draining: true, deadlineMs: 30_000 });
  await http(address, '/drain', { method: 'POST' });
  assert.equal((await http(address, '/drain?deadline=soon', { method: 'POST' })).status, 400);
  assert.deepEqual(view.asked, ['drain 30000', 'drain null']);
});

test('/shutdown is refused unless the configuration allows it', async () => {
  assert.equal((await http(address, '/shutdown', { method: 'POST' })).status, 403);
  assert.deepEqual(view.asked, []);
  view.allowShutdown = true;
  assert.equal((await http(address, '/shutdown', { method: 'POST' })).status, 202);
  assert.deepEqual(view.asked, ['shutdown']);
});

for (const [method, path, allow] of [
  ['GET', '/drain', 'POST'],
  ['GET', '/shutdown', 'POST'],
  ['POST', '/log-level', 'GET, HEAD, PUT'],
  ['POST', '/metrics', 'GET, HEAD'],
  ['DELETE', '/config', 'GET, HEAD'],
  ['OPTIONS', '/ready', 'GET, HEAD'],
] as const) {
  test(`${method} ${path} is 405 and says what is allowed`, async () => {
    const answer = await http(address, path, { method });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, allow);
    assert.deepEqual(view.asked, []);
  });
}

test('an unknown path is 404 and lists the paths; / lists them too', async () => {
  for (const [path, status] of [
    ['/env.json', 404],
    ['/metrics/', 404],
    ['//ready', 404],
    ['/', 200],
  ] as const) {
    const answer = await http(address, path);
    assert.equal(answer.status, status, path);
    assert.match(answer.text, /^\/connections +GET/m);
  }
});

test('a page of another site, or a name that is not this host, changes and learns nothing', async () => {
  for (const headers of [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { host: 'evil.example' },
    { host: `evil.example:${address.split(':')[1]}`, origin: 'http://evil.example' },
  ]) {
    const answer = await http(address, '/drain', { method: 'POST', headers });
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
  assert.equal((await http(address, '/config', { headers: { host: 'evil.example' } })).status, 403);
  assert.deepEqual(view.asked, []);
  const same = { origin: `http://${address}`, 'sec-fetch-site': 'same-origin' };
  assert.equal((await http(address, '/drain', { method: 'POST', headers: same })).status, 202);
});

test('a body that is too long is 413', async () => {
  const body = 'x'.repeat(limits.bodyBytesMax + 1);
  assert.equal((await http(address, '/log-level', { method: 'PUT', body })).status, 413);
});

test('a handler that fails is a 500 without details, and reported', async () => {
  view.error = new Error('private detail');
  const answer = await http(address, '/clusters');
  assert.equal(answer.status, 500);
  assert.ok(!answer.text.includes('private detail'));
  assert.deepEqual(errors, [view.error]);
});

for (const [what, bytes, status] of [
  ['no HTTP', 'hello\r\n\r\n', '400 Bad Request'],
  [
    'a whole URL',
    'GET http://other/ HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n',
    '400',
  ],
  ['no Host', 'GET /ready HTTP/1.1\r\n\r\n', '400 Bad Request'],
  ['a long header', `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, '431'],
  [
    'two lengths',
    'GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    '400',
  ],
] as const) {
  test(`${what} is ${status}`, async () => {
    assert.ok((await raw(bytes)).startsWith(`HTTP/1.1 ${status}`));
  });
}

test('a client that does not finish its head is sent away', async () => {
  assert.match(await raw('GET /ready HTTP/1.1\r\nhost: 127'), /^HTTP\/1.1 408 /);
});

test('a client that says nothing is sent away', async () => {
  assert.match(await raw(''), /^HTTP\/1.1 408 /);
});

test('an address that is in use is one sentence with a code', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const error: unknown = await listen(`127.0.0.1:${port}`).catch((reason: unknown) => reason);
  other.close();
  assert.ok(error instanceof ProxyError);
  assert.equal(error.code, 'ERR_ADMIN_LISTEN');
  assert.match(error.message, new RegExp(`127.0.0.1:${port}: another process has it`));
});

test('an IPv6 server shows its address in brackets and takes ::1 for this host', async () => {
  const six = await listen('[::1]:0');
  assert.match(six.address, /^\[::1\]:\d+$/);
  const answer = await http(six.address, '/drain', { method: 'POST' });
  await six.close();
  assert.equal(answer.status, 202);
});
