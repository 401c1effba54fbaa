// Starting again after a death that cleaned nothing up, being the first process of a container, and ports that the
// kernel chooses.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { http } from '../support/http.ts';
import { Backend, Client, echo } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { mainScript, tempFolder, Weft, WeftRun } from '../support/weft.ts';

const backend = await Backend.listen(echo);
const children = new Set<ChildProcess>();

after(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
  await backend.close();
});

test('after kill -9 the unix sockets of listener and admin server are replaced', async () => {
  const folder = tempFolder();
  const listen = join(folder, 'app.sock');
  const admin = join(folder, 'admin.sock');
  const args = ['forward', `unix:${listen}`, backend.address, '--admin', `unix:${admin}`];
  const first = new Weft(args);
  await first.logged('listening');
  first.signal('SIGKILL');
  await first.ended;
  assert.ok(existsSync(listen) && existsSync(admin), 'nobody removed them');
  const second = new Weft(args);
  await second.logged('listening');
  const health = ['health', '--admin', `unix:${admin}`];
  assert.equal(spawnSync(process.execPath, [mainScript, ...health]).status, 0);
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
  assert.ok(!existsSync(listen) && !existsSync(admin), 'an orderly end removes them');
});

test('a unix socket that somebody listens on is nobody else’s: the start fails and leaves it', async () => {
  const path = join(tempFolder(), 'admin.sock');
  const owner = createServer((socket: Socket) =>
    socket.on('error', () => undefined).end('mine'),
  ).listen(path);
  await new Promise((resolve) => owner.once('listening', resolve));
  const weft = new Weft(['forward', '127.0.0.1:0', backend.address, '--admin', `unix:${path}`]);
  assert.deepEqual(await weft.ended, { code: 1, signal: null });
  assert.match(weft.stderr, /another process has it/);
  assert.ok(existsSync(path));
  owner.close();
});

test('with port 0 the log and /listeners say which port it became', async () => {
  const run = await WeftRun.start({
    listeners: [
      { name: 'a', address: '127.0.0.1:0', cluster: 'app' },
      { name: 'b', address: '127.0.0.1:0', cluster: 'app', direction: 'inbound' },
    ],
    clusters: { app: { endpoints: [backend.address] } },
  });
  const line = await run.logged('listening', ({ listener }) => listener === 'a');
  const port = Number(String(line['address']).split(':').at(-1));
  const client = await Client.connect(port);
  assert.equal(await client.exchange('there'), 'there');
  const { listeners } = await run.json<{ listeners: Record<string, unknown>[] }>('/listeners');
  assert.deepEqual(
    listeners.map(({ name, address, direction }) => [name, address, direction]),
    [
      ['a', '127.0.0.1:0', 'outbound'],
      ['b', '127.0.0.1:0', 'inbound'],
    ],
  );
  assert.equal(listeners[0]?.['boundAddress'], `127.0.0.1:${port}`);
  assert.notEqual(listeners[1]?.['boundAddress'], listeners[0]?.['boundAddress']);
  client.close();
  assert.deepEqual(await run.stop(), { code: 0, signal: null });
});

test('weft health is 0 when ready, 1 when not and when nobody answers', async () => {
  const health = (...args: string[]) => {
    return spawnSync(process.execPath, [mainScript, 'health', ...args], { encoding: 'utf8' });
  };
  const run = await WeftRun.start({
    listeners: [{ name: 'web', address: '127.0.0.1:0', cluster: 'app' }],
    clusters: { app: { endpoints: [backend.address] } },
  });
  const line = await run.logged('listening');
  const ready = health('--admin', run.admin);
  assert.deepEqual([ready.status, ready.stdout], [0, 'ready\n']);
  const client = await Client.connect(Number(String(line['address']).split(':').at(-1)));
  await client.exchange('x');
  run.signal('SIGTERM');
  await run.logged('draining');
  const draining = health('--admin', run.admin);
  assert.deepEqual([draining.status, draining.stdout], [1, 'not ready: draining\n']);
  assert.equal(health('--live', '--admin', run.admin).status, 0);
  client.socket.end();
  await run.ended;
  const gone = health('--admin', run.admin);
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /^weft: no answer from .*\n$/);
  assert.equal(health('--admin', 'nowhere').status, 2);
});

/** `weft` as the first process of a namespace of its own. */
function first(args: readonly string[]): ChildProcess {
  const inside = ['--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...inside, process.execPath, mainScript, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  return child;
}

/** Children of a process, as [pid, state]. */
function childrenOf(pid: number): [number, string][] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return pids.filter(Boolean).map((child) => {
    const stat = readFileSync(`/proc/${child}/stat`, 'utf8');
    return [Number(child), stat.slice(stat.lastIndexOf(')') + 2)[0] ?? ''];
  });
}

test('as the first process of a container it waits for orphans and ends on SIGTERM', async (t) => {
  if (process.getuid?.() !== 0 || spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) {
    t.skip('needs root and a process namespace');
    return;
  }
  const outer = first(['forward', '127.0.0.1:0', backend.address, '--admin', '127.0.0.1:0']);
  let log = '';
  outer.stdout?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const admin = await until(
    'the admin server',
    () => /(127[^"]+)","msg":"admin listening/.exec(log)?.[1],
  );
  await until('to be ready', async () => (await http(admin, '/ready')).status === 200);
  const [[pid] = [0]] = childrenOf(outer.pid ?? 0);
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NSpid:\s+\d+\s+1$/m);
  const orphan = ['sh', '-c', 'sleep 0.3 & sleep 0.3 & exit 0'];
  assert.equal(spawnSync('nsenter', ['--target', String(pid), '--pid', ...orphan]).status, 0);
  await until('the orphans to arrive', () => childrenOf(pid).length === 2);
  await until('the orphans to be waited for', () => childrenOf(pid).length === 0);
  const ended = new Promise((resolve) => outer.once('exit', (code) => resolve(code)));
  process.kill(pid, 'SIGTERM');
  assert.equal(await ended, 0);
});
