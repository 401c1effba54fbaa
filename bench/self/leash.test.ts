// Does everything that a bench starts end with it, and is CPU time counted for the right processes?

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Leash, makeWorkFolder, runClient } from '../support/leash.ts';
import { descendantsOf, privateDirtyBytes } from '../support/memory.ts';
import { programs, startServer, stopServers } from './support.ts';

after(stopServers);

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    if (condition()) return;
    await sleep(10);
  }
  assert.fail(`5 s passed: ${what}`);
}

// A child, a grandchild in the background, and one in a session of its own.
const family = ['/bin/sh', '-c', 'sleep 600 & setsid sleep 600 & wait'];

test('a leash that is let go ends the whole family of its command', async () => {
  const leash = new Leash(programs, family);
  await until(() => descendantsOf(leash.pid).length === 3, 'three processes');
  const pids = descendantsOf(leash.pid);
  await leash.stop();
  assert.deepEqual(pids.filter(isAlive), []);
});

test('processes that ignore SIGTERM end too', async () => {
  const leash = new Leash(programs, ['/bin/sh', '-c', 'trap "" TERM; sleep 600 & sleep 600; wait']);
  await until(() => descendantsOf(leash.pid).length === 3, 'three processes');
  const pids = descendantsOf(leash.pid);
  await leash.stop();
  assert.deepEqual(pids.filter(isAlive), []);
});

test('a bench that is killed leaves neither processes nor folders', async () => {
  const leashModule = new URL('../support/leash.js', import.meta.url).href;
  const script = `
    const { Leash, makeWorkFolder } = await import(${JSON.stringify(leashModule)});
    const programs = ${JSON.stringify(programs)};
    const leash = new Leash(programs, ${JSON.stringify(family)});
    console.log(JSON.stringify({ folder: makeWorkFolder(programs), leash: leash.pid }));
    setInterval(() => {}, 1000);`;
  const bench = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const said = await new Promise<string>((resolve) => {
    bench.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  const { folder, leash } = JSON.parse(said) as { folder: string; leash: number };
  await until(() => descendantsOf(leash).length === 3, 'three processes');
  const pids = [leash, ...descendantsOf(leash)];
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'inner', 'file'), 'x');
  bench.kill('SIGKILL');
  await until(() => !pids.some(isAlive) && !existsSync(folder), 'something is left');
});

test('a work folder is removed when the bench ends', async () => {
  const folder = makeWorkFolder(programs);
  assert.ok(existsSync(folder));
  await stopServers();
  assert.ok(!existsSync(folder));
});

function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test('CPU time is that of the command and its children, as /proc/PID/stat has it', async () => {
  const to = await startServer('echo');
  const burn = 'while :; do :; done';
  const leash = new Leash(programs, ['/bin/sh', '-c', `(${burn}) & ${burn}`]);
  await until(() => descendantsOf(leash.pid).length === 2, 'two processes');
  const pids = descendantsOf(leash.pid);
  const sum = () => pids.reduce((total, pid) => total + cpuSecondsOf(pid), 0);
  const before = sum();
  const load = ['--to', to, '--rate', '100', '--seconds', '1', '--warmup', '0.2'];
  const figures = await runClient(programs, ['open-loop', ...load, '--tree', `${leash.pid}`]);
  const used = sum() - before;
  await leash.stop();
  const { cpuSeconds = 0, processes = 0 } = figures;
  assert.equal(processes, 2);
  assert.ok(cpuSeconds > 0.2 && cpuSeconds <= used + 0.05, `${cpuSeconds} of ${used}`);
  assert.ok(cpuSeconds >= used * 0.6, `${cpuSeconds} of ${used}`);
});

test('private dirty memory is summed over the processes of a command', async () => {
  const fill = 'const b = Buffer.alloc(40e6, 1); setInterval(() => b, 1e3)';
  const leash = new Leash(programs, [
    '/bin/sh',
    '-c',
    `"${process.execPath}" -e "${fill}" & "${process.execPath}" -e "${fill}"; wait`,
  ]);
  await until(() => privateDirtyBytes(leash.pid) > 80e6, 'two buffers of 40 MB');
  await leash.stop();
  assert.equal(privateDirtyBytes(leash.pid), 0);
});
