// The images, as a container runtime would run them: their root filesystem read-only, user 2102 without capabilities, the
// first process of a namespace. The runner has built them and says where they are (scripts/testing/image.mjs).

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { http } from '../support/http.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { tempFolder } from '../support/weft.ts';

interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

const folder = process.env['WEFT_IMAGE'] ?? '';
const sidecar = process.env['WEFT_IMAGE_ROOT'] ?? '';
const init = process.env['WEFT_INIT_ROOT'] ?? '';
const children = new Set<ChildProcess>();

after(() => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

function configOf(name: string): ImageConfig {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true }).map(String);
}

function bytesOf(root: string): number {
  const { stdout } = spawnSync('du', ['--bytes', '--summarize', root], { encoding: 'utf8' });
  return Number(stdout.split('\t')[0]);
}

interface Container {
  readonly root: string;
  readonly config: ImageConfig;
  /** Mounted at /etc/weft. */
  readonly etc: string;
}

/** Arguments of a shell that mounts, and then becomes what the image runs. */
function command({ root, config, etc }: Container, args: readonly string[]): string[] {
  const [uid = '0', gid = '0'] = config.User.split(':');
  const mounts =
    'mount --bind "$1" "$1" && mount --bind "$2" "$1/etc/weft" && mount --rbind /dev "$1/dev" && ' +
    'mount -o remount,bind,ro "$1" && mount -o remount,bind,ro "$1/etc/weft" && shift 2 && exec "$@"';
  const inside = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  inside.push(`--root=${root}`, `--wd=${config.WorkingDir}`, `--setgid=${gid}`, `--setuid=${uid}`);
  return ['--mount', 'sh', '-c', mounts, 'sh', root, etc, ...inside, ...args];
}

function envOf(config: ImageConfig, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  // The shell that mounts needs a PATH of this machine; the image's own comes first.
  const own = Object.fromEntries(config.Env.map((text) => text.split(/=(.*)/s).slice(0, 2)));
  return { ...own, PATH: `${own['PATH']}:${process.env['PATH']}`, ...more };
}

function run(container: Container, args: readonly string[], env: Record<string, string> = {}) {
  const options = { env: envOf(container.config, env), encoding: 'utf8', timeout: 60_000 } as const;
  return spawnSync('unshare', command(container, args), options);
}

/** What the image's own entry point does with other arguments than its own. */
function weft(container: Container, args: readonly string[], env: Record<string, string> = {}) {
  return run(container, [...container.config.Entrypoint, ...args], env);
}

const plain: Container = { root: sidecar, config: configOf('weft'), etc: tempFolder() };

test('the image is small, has no shell, and nothing that only compiling needs', (t) => {
  const bytes = bytesOf(sidecar);
  t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB`);
  assert.ok(bytes <= 120e6, `${bytes} bytes`);
  const files = filesOf(sidecar);
  assert.deepEqual(
    files.filter((path) => /(^|\/)(sh|bash|dash|busybox|npm|apt|perl)$/.test(path)),
    [],
  );
  assert.deepEqual(
    files.filter((path) => /\.(cc|h|d\.ts|map|md)$|node-addon-api|binding\.gyp/.test(path)),
    [],
  );
  assert.equal(files.filter((path) => path.endsWith('.node')).length, 1);
});

test('the image says how it is run: user 2102, health check, memory flags, SIGTERM', () => {
  const { config } = plain;
  assert.equal(config.User, '2102:2102');
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.ok(config.Entrypoint.includes('--max-semi-space-size=1'));
  assert.deepEqual(config.Cmd, ['run']);
  assert.ok(config.Env.includes('WEFT_ADMIN=0.0.0.0:4191'));
  assert.deepEqual(config.Healthcheck.Test.slice(0, 2), ['CMD', '/usr/local/bin/node']);
});

test('weft version loads the addon', () => {
  const { status, stdout, stderr } = weft(plain, ['version', '--json']);
  assert.equal(status, 0, stderr);
  const facts = JSON.parse(stdout);
  assert.match(facts.node, /^24\./);
  assert.match(facts.addon?.build ?? facts.addonMissing, /^g\+\+ /);
});

test('nothing can be written, and there is no capability', () => {
  const script = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const denied = ['/etc/passwd', '/opt/weft/x', '/tmp/x', '/etc/weft/x'].filter((path) => {
      try { writeFileSync(path, ''); return false; } catch (error) { return error.code === 'EROFS' || error.code === 'EACCES'; }
    });
    console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), denied: denied.length,
      caps: /CapEff:\\s+(\\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1], pid: process.pid }));`;
  const { stdout, stderr } = run(plain, ['/usr/local/bin/node', '-e', script]);
  const expected = { uid: 2102, gid: 2102, denied: 4, caps: '0000000000000000', pid: 1 };
  assert.deepEqual(JSON.parse(stdout || '{}'), expected, stderr);
});

test('weft run carries traffic, is healthy, and drains on SIGTERM as the first process', async () => {
  const backend = await Backend.listen(echo);
  after(() => backend.close());
  const port = await freePort();
  const admin = `127.0.0.1:${await freePort()}`;
  const etc = tempFolder();
  writeFileSync(
    join(etc, 'weft.config.ts'),
    "import { defineConfig } from 'weft';\n" +
      'export default defineConfig({\n' +
      `  listeners: [{ name: 'web', address: '127.0.0.1:${port}', cluster: 'app', direction: 'inbound' }],\n` +
      `  clusters: { app: { endpoints: ['${backend.address}'] } },\n` +
      '});\n',
  );
  spawnSync('chmod', ['-R', 'a+rX', etc]);
  const container = { ...plain, etc };
  const env = { WEFT_ADMIN: admin };
  const args = [...plain.config.Entrypoint, ...plain.config.Cmd];
  const child: ChildProcess = spawn('unshare', command(container, args), {
    env: envOf(plain.config, env),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  children.add(child);
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  await until(
    'to be ready',
    async () => {
      return (await http(admin, '/ready').catch(() => null))?.status === 200;
    },
    30_000,
  );
  const client = await Client.connect(port);
  assert.equal(await client.exchange('through the image'), 'through the image');
  const bulk = 'b'.repeat(8 * 1_048_576);
  assert.equal(await client.exchange(bulk), bulk);

  const health = run(container, plain.config.Healthcheck.Test.slice(1), env);
  assert.deepEqual([health.status, health.stdout], [0, 'ready\n'], health.stderr);

  const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NSpid:\s+\d+\s+1$/m);
  process.kill(pid, 'SIGTERM');
  await until('to drain', async () => (await http(admin, '/ready')).status === 503);
  assert.equal(run(container, plain.config.Healthcheck.Test.slice(1), env).status, 1);
  assert.equal(await client.exchange('still'), 'still');
  client.socket.end();
  assert.equal(await client.end(), 'end');
  assert.equal(await ended, 0);
});

test('the init image has nft with its libraries, and weft init uses it', () => {
  const container = { root: init, config: configOf('weft-init'), etc: tempFolder() };
  assert.equal(container.config.User, '0:0');
  assert.deepEqual(container.config.Cmd, ['init']);
  assert.ok(!existsSync(join(init, 'bin/sh')) && !existsSync(join(init, 'usr/bin/sh')));
  assert.match(run(container, ['/usr/sbin/nft', '--version']).stdout, /^nftables v/);
  assert.ok(!existsSync(join(sidecar, 'usr/sbin/nft')), 'the sidecar has none');
  const entry = container.config.Entrypoint;
  const net = (...args: string[]) => ['/usr/local/bin/node', ...entry.slice(1), ...args];
  assert.match(run(container, net('init', '--print')).stdout, /table inet weft/);
  // In a network of its own, so that no rule of this machine changes.
  const all = spawnSync('unshare', ['--net', 'unshare', ...command(container, net('init'))], {
    env: envOf(container.config, {}),
    encoding: 'utf8',
  });
  assert.equal(all.status, 0, all.stderr);
  assert.match(all.stdout, /The rules are installed/);
});
