// Programs in which the server speaks first, through a listener that detects, with no list of ports: the first byte
// is there within 100 ms of the connect. One that refuses TLS, and one that is asked for TLS by name.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client, freePort } from '../../support/tcp.ts';
import { until } from '../../support/until.ts';
import { tempFolder, WeftRun } from '../../support/weft.ts';

const children: ChildProcess[] = [];

after(() => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

/** Kept until the end of the tests. */
function serve(command: string, args: readonly string[]): void {
  children.push(spawn(command, args, { stdio: 'ignore' }));
}

/** Resolves when somebody listens. */
async function listens(port: number): Promise<void> {
  await until(
    `a listener on ${port}`,
    () =>
      Client.connect(port).then(
        (client) => {
          client.close();
          return true;
        },
        () => false,
      ),
    60_000,
  );
}

async function forward(target: number): Promise<{ readonly weft: WeftRun; readonly port: number }> {
  const port = await freePort();
  const weft = await WeftRun.start({
    listeners: [{ address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [`127.0.0.1:${target}`] } },
  });
  return { weft, port };
}

function findProgram(name: string): string | null {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Milliseconds from the connect to the first byte: the best of three, because the machine may be busy. */
async function greetingMs(port: number, begins: RegExp): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 3; count++) {
    const began = performance.now();
    const client = await Client.connect(port);
    const first = await client.read(4);
    best = Math.min(best, performance.now() - began);
    assert.match(first.toString('latin1'), begins);
    client.close();
  }
  return best;
}

async function expectGreeting(target: number, begins: RegExp): Promise<number> {
  await listens(target);
  const { weft, port } = await forward(target);
  try {
    const ms = await greetingMs(port, begins);
    assert.ok(ms < 100, `${ms} ms`);
    const metrics = await weft.metrics();
    assert.ok(metrics.value('weft_connection_protocol_total', { protocol: 'opaque' }) >= 3);
    return ms;
  } finally {
    await weft.stop();
  }
}

test('OpenSSH greets without a stall', async (t) => {
  const sshd = findProgram('sshd');
  if (sshd === null) {
    t.skip('needs sshd');
    return;
  }
  const folder = tempFolder();
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const options = ['-o', 'ListenAddress=127.0.0.1', '-o', `HostKey=${join(folder, 'key')}`];
  serve(sshd, ['-D', '-e', '-f', '/dev/null', '-p', `${port}`, ...options]);
  t.diagnostic(`${await expectGreeting(port, /^SSH-/)} ms`);
});

test('an SMTP server greets without a stall', async (t) => {
  const python = '/usr/bin/python3';
  if (spawnSync(python, ['-c', 'import aiosmtpd']).status !== 0) {
    t.skip('needs python3-aiosmtpd');
    return;
  }
  const port = await freePort();
  serve(python, ['-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${port}`]);
  t.diagnostic(`${await expectGreeting(port, /^220 /)} ms`);
});

test('MariaDB greets without a stall', async (t) => {
  const mariadbd = findProgram('mariadbd');
  if (mariadbd === null) {
    t.skip('needs mariadb-server');
    return;
  }
  const folder = tempFolder();
  const data = join(folder, 'data');
  const common = ['--no-defaults', `--datadir=${data}`, '--user=root'];
  const made = spawnSync('mariadb-install-db', [
    ...common,
    '--auth-root-authentication-method=normal',
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  const port = await freePort();
  const paths = [`--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`];
  serve(mariadbd, [...common, ...paths, '--bind-address=127.0.0.1', `--port=${port}`]);
  // A packet of some 100 bytes with the number 0, protocol version 10 behind it.
  t.diagnostic(`${await expectGreeting(port, /^.\0\0\0$/s)} ms`);
});

test('a PostgreSQL that refuses TLS answers at once', async (t) => {
  const base = '/usr/lib/postgresql';
  const version = existsSync(base) ? readdirSync(base).sort().at(-1) : undefined;
  if (version === undefined) {
    t.skip('needs postgresql');
    return;
  }
  const folder = tempFolder();
  const isRoot = process.getuid?.() === 0;
  const asUser = isRoot
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
    : [];
  if (isRoot) {
    spawnSync('chown', ['postgres', folder]);
  }
  const [initdb = '', ...initArgs] = [...asUser, join(base, version, 'bin/initdb')];
  const made = spawnSync(initdb, [
    ...initArgs,
    '-D',
    join(folder, 'data'),
    '-A',
    'trust',
    '-U',
    'weft',
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  const target = await freePort();
  const [postgres = '', ...args] = [...asUser, join(base, version, 'bin/postgres')];
  serve(postgres, [
    ...args,
    '-D',
    join(folder, 'data'),
    '-p',
    `${target}`,
    '-k',
    folder,
    '-h',
    '127.0.0.1',
  ]);
  await listens(target);
  const { weft, port } = await forward(target);
  const sslRequest = Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);
  let best = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 3; count++) {
    const client = await Client.connect(port);
    const began = performance.now();
    client.socket.write(sslRequest);
    assert.equal((await client.read(1)).toString(), 'N');
    best = Math.min(best, performance.now() - began);
    client.close();
  }
  assert.ok(best < 100, `${best} ms`);
  const question = [
    '-h',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-U',
    'weft',
    '-d',
    'postgres',
    '-Atc',
    'select 6*7',
  ];
  const answer = spawnSync('psql', question, { encoding: 'utf8' });
  assert.equal(answer.stdout.trim(), '42', answer.stderr);
  assert.ok(
    (await weft.metrics()).value('weft_connection_protocol_total', { protocol: 'opaque' }) >= 4,
  );
  await weft.stop();
});
