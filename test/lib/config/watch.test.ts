import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { watchFiles } from '../../../lib/config/watch.ts';
import { temporaryFolder } from './support.ts';

/** Turns of the poll, by a clock that the test moves. */
function clock(context: TestContext) {
  context.mock.timers.enable({ apis: ['setInterval'] });
  return (turns: number) => context.mock.timers.tick(500 * turns);
}

test('a change is told once, after the file has settled', (context) => {
  const turn = clock(context);
  const file = join(temporaryFolder({ a: '1' }), 'a');
  let changes = 0;
  const watch = watchFiles([file], () => changes++);
  turn(3);
  assert.equal(changes, 0);
  writeFileSync(file, '22');
  turn(1);
  writeFileSync(file, '333');
  turn(1);
  assert.equal(changes, 0, 'still changing');
  turn(1);
  assert.equal(changes, 1);
  turn(3);
  assert.equal(changes, 1);
  watch.stop();
  writeFileSync(file, '4444');
  turn(3);
  assert.equal(changes, 1);
});

test('a file of the same length and time that was exchanged is a change', (context) => {
  const turn = clock(context);
  const folder = temporaryFolder({ a: '1', b: '2' });
  const time = new Date(1_000_000);
  for (const name of ['a', 'b']) {
    utimesSync(join(folder, name), time, time);
  }
  let changes = 0;
  watchFiles([join(folder, 'a')], () => changes++);
  renameSync(join(folder, 'b'), join(folder, 'a'));
  turn(2);
  assert.equal(changes, 1);
});

test('a symbolic link that leads elsewhere is a change, as a ConfigMap is exchanged', (context) => {
  const turn = clock(context);
  const folder = temporaryFolder({ 'one/file': '1', 'two/file': '2' });
  const link = join(folder, 'data');
  symlinkSync('one', link);
  let changes = 0;
  watchFiles([join(link, 'file')], () => changes++);
  rmSync(link);
  symlinkSync('two', link);
  turn(2);
  assert.equal(changes, 1);
});

test('a file that is gone and one that comes are changes', (context) => {
  const turn = clock(context);
  const file = join(temporaryFolder({ a: '1' }), 'a');
  let changes = 0;
  watchFiles([file], () => changes++);
  rmSync(file);
  turn(2);
  assert.equal(changes, 1);
  writeFileSync(file, '1');
  turn(2);
  assert.equal(changes, 2);
});

test('other files can be watched from a reload on', (context) => {
  const turn = clock(context);
  const folder = temporaryFolder({ a: '1', b: '1' });
  let changes = 0;
  const watch = watchFiles([join(folder, 'a')], () => changes++);
  watch.setFiles([join(folder, 'a'), join(folder, 'b')]);
  turn(2);
  assert.equal(changes, 0);
  writeFileSync(join(folder, 'b'), '22');
  turn(2);
  assert.equal(changes, 1);
});
