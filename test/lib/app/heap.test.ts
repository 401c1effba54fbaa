import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepHeapSmall } from '../../../lib/app/heap.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const mebibyte = 1024 * 1024;
const minute = 60_000;

function setUp(usedMebibytes: number) {
  const clock = new ManualClock();
  const bytes = usedMebibytes * mebibyte;
  const heap = { used: bytes, live: bytes, collections: 0, trims: 0 };
  const stop = keepHeapSmall({
    clock,
    trim: () => {
      heap.trims += 1;
    },
    usedBytes: () => heap.used,
    collect: () => {
      heap.collections += 1;
      heap.used = heap.live;
    },
  });
  return { clock, heap, stop };
}

test('garbage is collected when there is enough of it, and not before', () => {
  const { clock, heap } = setUp(6);
  heap.used += mebibyte;
  clock.advance(minute);
  assert.equal(heap.collections, 0);
  heap.used += mebibyte;
  clock.advance(minute - 1);
  assert.equal(heap.collections, 0);
  clock.advance(1);
  assert.equal(heap.collections, 1);
  for (let minutes = 0; minutes < 10; minutes += 1) {
    clock.advance(minute);
  }
  assert.equal(heap.collections, 1, 'nothing has come since');
});

test('what the C library holds is given back each minute', () => {
  const { clock, heap } = setUp(6);
  clock.advance(minute - 1);
  assert.equal(heap.trims, 0);
  clock.advance(1);
  heap.used += 100 * mebibyte;
  clock.advance(minute);
  assert.deepEqual([heap.trims, heap.collections], [2, 1]);
});

test('what lives is no garbage, and what V8 collected itself is found out', () => {
  const { clock, heap } = setUp(6);
  heap.live = 20 * mebibyte;
  heap.used = 21 * mebibyte;
  clock.advance(minute);
  clock.advance(minute);
  assert.equal(heap.collections, 1, 'once, to see that it lives');
  heap.used = 10 * mebibyte;
  clock.advance(minute);
  heap.used = 14 * mebibyte;
  clock.advance(minute);
  assert.equal(heap.collections, 2);
});

test('a stop is the end of it', () => {
  const { clock, heap, stop } = setUp(6);
  clock.advance(minute);
  stop();
  heap.used += 100 * mebibyte;
  clock.advance(10 * minute);
  assert.equal(heap.collections, 0);
});

test('the collection of this process works', async () => {
  const clock = new ManualClock();
  let used = 0;
  const stop = keepHeapSmall({ clock, trim: () => undefined, usedBytes: () => used });
  const garbage = new WeakRef({ some: 'garbage' });
  // What a WeakRef was made of lives to the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  used = 100 * mebibyte;
  clock.advance(minute);
  stop();
  assert.equal(garbage.deref(), undefined);
});
