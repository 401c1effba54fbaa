// Messages on open connections cost reads, writes and waits, and nothing else: the system calls of the workers are
// counted by strace, and by the proxy itself.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { killWithUs } from '../support/kill-with-us.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { tempFolder, WeftRun } from '../support/weft.ts';

const connectionCount = 20;
let backend: Backend;
let weft: WeftRun;
const clients: Client[] = [];

before(async () => {
  backend = await Backend.listen(echo);
  const port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [backend.address] } },
  });
  for (let count = 0; count < connectionCount; count++) {
    clients.push(await Client.connect(port));
  }
  await roundTrips(10);
});

after(async () => {
  for (const client of clients) {
    client.close();
  }
  weft.signal('SIGKILL');
  await weft.ended;
  await backend.close();
});

/** Each connection, so many messages, all at the same time. */
async function roundTrips(count: number): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      for (let index = 0; index < count; index++) {
        assert.equal(await client.exchange('ping'), 'ping');
      }
    }),
  );
}

test('no call of epoll_ctl while messages pass, says the proxy', async () => {
  const before = await weft.metrics();
  await roundTrips(500);
  const after = await weft.metrics();
  const increase = (name: string): number => after.value(name) - before.value(name);
  assert.equal(increase('weft_poller_changes_total'), 0);
  assert.ok(increase('weft_loop_turns_total') > 0);
  assert.equal(increase('tcp_read_bytes_total'), 2 * 4 * 500 * connectionCount);
});

function workerThreads(): string[] {
  const tasks = `/proc/${weft.pid}/task`;
  return readdirSync(tasks).filter((id) =>
    readFileSync(join(tasks, id, 'comm'), 'utf8').startsWith('weft-worker'),
  );
}

/** Calls by name, from the table of `strace -c`. */
function readCounts(table: string): Map<string, number> {
  const lines = [...table.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/gm)];
  const counts = lines.map(([, count, name = '']) => [name, Number(count)] as const);
  return new Map(counts.filter(([name]) => name !== 'total'));
}

test('the workers only wait, read and write, says strace', async (t) => {
  const threads = workerThreads();
  assert.equal(threads.length, 2);
  const file = join(tempFolder(), 'calls');
  const args = ['-c', '-o', file, ...threads.flatMap((id) => ['-p', id])];
  const strace = killWithUs(spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] }));
  let said = '';
  strace.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const started = await once(strace, 'spawn').catch(() => null);
  const attached =
    started !== null &&
    (await until('strace to attach', () => {
      const count = said.match(/attached/g)?.length ?? 0;
      return count === threads.length ? 'yes' : strace.exitCode !== null ? 'no' : null;
    })) === 'yes';
  if (!attached) {
    assert.notEqual(process.env['CI'], 'true', `needs strace: ${said}`);
    t.skip('needs strace, and the right to trace');
    return;
  }
  const messages = 200 * connectionCount;
  await roundTrips(200);
  strace.kill('SIGINT');
  await once(strace, 'exit');
  const counts = readCounts(readFileSync(file, 'utf8'));
  t.diagnostic([...counts].map(([name, count]) => `${name} ${count}`).join(', '));
  assert.equal(counts.get('epoll_ctl') ?? 0, 0);
  const reads = (counts.get('read') ?? 0) + (counts.get('recvfrom') ?? 0);
  const writes = (counts.get('write') ?? 0) + (counts.get('sendto') ?? 0);
  // One of each for a message and for its answer; reads that find nothing are not needed after a short one. A call
  // that has not returned when strace lets go of its thread is not counted.
  const leastCount = 2 * messages - threads.length;
  assert.ok(writes >= leastCount && writes <= 2.02 * messages, `${writes} writes`);
  assert.ok(reads >= leastCount && reads <= 2.02 * messages, `${reads} reads`);
  const expected = [
    'read',
    'recvfrom',
    'write',
    'sendto',
    'epoll_wait',
    'epoll_pwait',
    'epoll_pwait2',
  ];
  const others = [...counts].filter(([name]) => !expected.includes(name));
  const otherCount = others.reduce((sum, [, count]) => sum + count, 0);
  // A timer that is due once a second or so may be set; nothing comes with each message.
  assert.ok(otherCount < messages / 100, `other calls: ${others.join(' ')}`);
});
