// What a user gets wrong: one sentence on stderr that says what to do, the right exit code, nothing half-started.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { tempFolder, unprivileged, Weft, type WeftOptions, WeftRun } from '../support/weft.ts';

const backend = await Backend.listen(echo);
after(() => backend.close());

const clusters = { app: { endpoints: [backend.address] } };

interface Failure {
  readonly code: number | null;
  readonly stderr: string;
}

async function fails(args: readonly string[], options: WeftOptions = {}): Promise<Failure> {
  const weft = new Weft(args, options);
  const { code } = await weft.ended;
  assert.equal(weft.lines.filter(({ msg }) => msg === 'listening').length, 0);
  return { code, stderr: weft.stderr };
}

/** Runs with a file of this content. */
function runs(content: string | object, name = 'weft.config.json'): Promise<Failure> {
  const file = join(tempFolder(), name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return fails(['run', '--config', file, '--admin', 'off']);
}

function oneSentence({ stderr }: Failure, ...parts: readonly RegExp[]): void {
  assert.match(stderr, /^weft: .+\n$/);
  assert.ok(!/\n\s+at /.test(stderr), 'no stack trace');
  for (const part of parts) {
    assert.match(stderr, part);
  }
}

test('an unknown key: 2, and the nearest right one', async () => {
  const listeners = [{ address: '127.0.0.1:1', cluster: 'app', idleTimout: '5s' }];
  const failure = await runs({ listeners, clusters });
  assert.equal(failure.code, 2);
  oneSentence(failure, /listeners\[0\]\.idleTimout/, /idleTimeout/);
});

test('a bad port: 2, with its path', async () => {
  const failure = await runs({
    listeners: [{ address: '127.0.0.1:70000', cluster: 'app' }],
    clusters,
  });
  assert.equal(failure.code, 2);
  oneSentence(failure, /listeners\[0\]\.address/, /1 to 65535/);
});

test('a missing file: 2, and where it looked', async () => {
  const failure = await fails(['run', '--config', '/nonexistent/weft.config.ts']);
  assert.equal(failure.code, 2);
  oneSentence(failure, /\/nonexistent\/weft\.config\.ts/);
});

test('no file at all: 2, and what to write', async () => {
  const failure = await fails(['run'], { cwd: tempFolder() });
  assert.equal(failure.code, 2);
  oneSentence(failure, /weft\.config/, /--config/);
});

test('a syntax error in the configuration: 2, with the line', async () => {
  const failure = await runs('export default {\n  listeners: [,\n', 'weft.config.ts');
  assert.equal(failure.code, 2);
  oneSentence(failure, /weft\.config\.ts/);
});

test('a port that another program has: 1, and how to find it', async () => {
  const listeners = [{ address: backend.address, cluster: 'other' }];
  const failure = await runs({ listeners, clusters: { other: { endpoints: ['127.0.0.1:9'] } } });
  assert.equal(failure.code, 1);
  oneSentence(failure, /listeners\[0\]\.address/, new RegExp(backend.address), /ss -ltnp/);
});

test('of two listeners one that cannot be opened: neither is', async () => {
  const free = await freePort();
  const listeners = [
    { address: `127.0.0.1:${free}`, cluster: 'other' },
    { address: backend.address, cluster: 'other' },
  ];
  const failure = await runs({ listeners, clusters: { other: { endpoints: ['127.0.0.1:9'] } } });
  assert.equal(failure.code, 1);
  oneSentence(failure, /listeners\[1\]\.address/);
});

test('a second instance on the same port: 1, and the first goes on', async () => {
  const port = await freePort();
  const config: UserConfig = {
    listeners: [{ address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters,
  };
  const first = await WeftRun.start(config);
  const failure = await fails(['run', '--config', first.file, '--admin', 'off']);
  assert.equal(failure.code, 1);
  oneSentence(failure, new RegExp(`127.0.0.1:${port}`));
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
  assert.equal((await first.stop()).code, 0);
});

test('an admin address that is in use: 1, before anything listens', async () => {
  const port = await freePort();
  const config: UserConfig = {
    listeners: [{ address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters,
  };
  const first = await WeftRun.start(config);
  const failure = await fails(['run', '--config', first.file]);
  assert.equal(failure.code, 1);
  oneSentence(failure, /admin\.address/, /--admin/);
  await first.stop();
});

test('no permission for a low port: 1, and what would give it', async (t) => {
  const setting = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
  const port = Number(readFileSync(setting, 'utf8')) - 1;
  if (port < 1) {
    t.skip('everybody may have low ports here');
    return;
  }
  const address = `127.0.0.1:${port}`;
  const failure = await fails(['forward', address, backend.address], { through: unprivileged });
  if (failure.code !== 1) {
    assert.fail(`ended with ${failure.code}: ${failure.stderr}`);
  }
  oneSentence(failure, new RegExp(address), /CAP_NET_BIND_SERVICE/);
});

test('an address that this machine does not have: 1', async () => {
  const failure = await fails(['forward', '192.0.2.1:8080', backend.address]);
  assert.equal(failure.code, 1);
  oneSentence(failure, /192\.0\.2\.1:8080/, /ip address/);
});

for (const [what, args, says] of [
  ['an unknown command', ['forwrd'], /forward/],
  ['an unknown flag', ['forward', '127.0.0.1:1', '127.0.0.1:2', '--worker', '1'], /--workers/],
  ['a forward without a target', ['forward', '127.0.0.1:1'], /TARGET/],
  ['a forward to a name without a port', ['forward', '127.0.0.1:1', 'example.org'], /example\.org/],
  [
    'a wrong number of workers',
    ['forward', '127.0.0.1:1', '127.0.0.1:2', '--workers', '0'],
    /workers/,
  ],
  ['a demo of no time', ['demo', '--seconds', '0'], /--seconds/],
] as const) {
  test(`${what}: 2`, async () => {
    const failure = await fails(args);
    assert.equal(failure.code, 2);
    oneSentence(failure, says);
  });
}
