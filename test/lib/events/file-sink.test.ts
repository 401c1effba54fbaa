// The file of an access log: rotation, a pipe that nobody reads, a disk that is full, bounds.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../lib/base/clock.ts';
import { FileSink } from '../../../lib/events/file-sink.ts';
import { until } from '../../support/until.ts';
import { tempFolder } from '../../support/weft.ts';

function sinkAt(path: string, queueCharsMax?: number) {
  const changes: string[] = [];
  const sink = new FileSink({
    path,
    clock: systemClock,
    onChange: (what, error) => changes.push(`${what} ${error?.code ?? 'again'}`),
    ...(queueCharsMax === undefined ? {} : { queueCharsMax }),
  });
  return { sink, changes };
}

const linesOf = (path: string): readonly string[] =>
  readFileSync(path, 'utf8').split('\n').slice(0, -1);

test('lines are appended in order, to what is there', async () => {
  const path = join(tempFolder(), 'access.log');
  const first = sinkAt(path);
  first.sink.write('one');
  await first.sink.close();
  const second = sinkAt(path);
  for (let i = 0; i < 50_000; i++) {
    second.sink.write(`line ${i}`);
  }
  await second.sink.close();
  const lines = linesOf(path);
  assert.equal(lines.length, 50_001);
  assert.ok(lines.slice(1).every((line, i) => line === `line ${i}`));
  assert.deepEqual(second.sink.counts, { written: 50_000, dropped: 0 });
  assert.equal(statSync(path).mode & 0o777, 0o640 & ~process.umask());
});

test('a rotation by rename under load loses no line and doubles none', async () => {
  const folder = tempFolder();
  const path = join(folder, 'access.log');
  const { sink, changes } = sinkAt(path);
  let count = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 500; i++) {
      sink.write(`line ${count++}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
    renameSync(path, join(folder, `access.log.${String(round).padStart(2, '0')}`));
    const reopened = sink.reopen();
    for (let i = 0; i < 500; i++) {
      sink.write(`line ${count++}`);
    }
    await reopened;
    assert.ok(existsSync(path));
  }
  await sink.close();
  const files = readdirSync(folder).sort();
  assert.equal(files.length, 21);
  // The file that has no number is the last.
  const all = [...files.slice(1), 'access.log'].flatMap((file) => linesOf(join(folder, file)));
  assert.deepEqual(
    all,
    Array.from({ length: count }, (_, i) => `line ${i}`),
  );
  assert.deepEqual(changes, []);
});

test('a pipe that nobody reads costs lines, not memory, and lines stay whole', async () => {
  const path = join(tempFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  assert.throws(() => sinkAt(path), /nobody reads/);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const queueCharsMax = 100_000;
  const { sink } = sinkAt(path, queueCharsMax);
  const line = 'x'.repeat(99);
  for (let i = 0; i < 50_000; i++) {
    sink.write(line);
    if (i % 100 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { written, dropped } = sink.counts;
  assert.ok(dropped > 40_000, `${dropped} dropped`);
  assert.ok(written < 5_000);
  let text = '';
  const buffer = Buffer.alloc(65_536);
  await until('what waited to have come', () => {
    try {
      text += buffer.toString('utf8', 0, readSync(reader, buffer));
    } catch {
      // Empty for now.
    }
    return sink.counts.written + sink.counts.dropped === 50_000;
  });
  await sink.close();
  closeSync(reader);
  const lines = text.split('\n').slice(0, -1);
  assert.ok(lines.length > 1_000 && lines.every((one) => one === line));
});

test('a disk that is full costs lines, is told once, and is written again when there is room', async () => {
  const { sink, changes } = sinkAt('/dev/full');
  for (let i = 0; i < 10; i++) {
    sink.write('x');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await sink.close();
  assert.deepEqual(changes, ['write ENOSPC']);
  assert.deepEqual(sink.counts, { written: 0, dropped: 10 });
});

test('a folder that is gone at a rotation keeps the old file until it is back', async () => {
  const folder = tempFolder();
  const path = join(folder, 'logs/access.log');
  execFileSync('mkdir', [join(folder, 'logs')]);
  const { sink, changes } = sinkAt(path);
  renameSync(join(folder, 'logs'), join(folder, 'old'));
  await sink.reopen();
  sink.write('kept');
  await until('the line to be written', () => sink.counts.written === 1);
  assert.deepEqual(linesOf(join(folder, 'old/access.log')), ['kept']);
  execFileSync('mkdir', [join(folder, 'logs')]);
  await until('the file to be opened', () => existsSync(path));
  sink.write('new');
  await sink.close();
  assert.deepEqual(linesOf(path), ['new']);
  assert.deepEqual(changes, ['reopen ENOENT', 'reopen again']);
});

test('reopening leaves no descriptor behind', async () => {
  const path = join(tempFolder(), 'access.log');
  const { sink } = sinkAt(path);
  const count = (): number => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 100; i++) {
    rmSync(path);
    await sink.reopen();
  }
  assert.ok(count() <= before + 1);
  await sink.close();
  await sink.close();
});
