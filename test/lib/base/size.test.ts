import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSize, parseSize } from '../../../lib/base/size.ts';

function bytes(text: string): number | null {
  const parsed = parseSize(text);
  return parsed.ok ? parsed.value : null;
}

test('a size is read in binary units', () => {
  assert.equal(bytes('512B'), 512);
  assert.equal(bytes('64KiB'), 65_536);
  assert.equal(bytes('1MiB'), 1_048_576);
  assert.equal(bytes('2GiB'), 2_147_483_648);
  assert.equal(bytes('1TiB'), 1_099_511_627_776);
});

test('a size is refused with a code when it is not in the grammar or too large to count', () => {
  for (const text of ['', '64', '64KB', '64 KiB', '1.5MiB', '-1B', '64kib', '999999999999999TiB']) {
    const parsed = parseSize(text);
    assert.ok(!parsed.ok, text);
    assert.equal(parsed.code, 'bad-size');
  }
});

test('a size comes with the right spelling when the intent is clear, and that spelling is read', () => {
  for (const [text, meant] of [
    ['64KB', '64KiB'],
    ['64k', '64KiB'],
    ['1.5MiB', '1536KiB'],
    ['2 gb', '2GiB'],
    ['1024', '1024B'],
  ] as const) {
    const parsed = parseSize(text);
    assert.ok(!parsed.ok && parsed.hint?.includes(`'${meant}'`), text);
    assert.notEqual(bytes(meant), null);
  }
});

test('a size prints as a text that is read back as the same number', () => {
  const powers = fc.integer({ min: 0, max: 40 }).map((power) => 2 ** power);
  const any = fc.integer({ min: 0, max: 999_999_999_999_999 });
  fc.assert(
    fc.property(fc.oneof(any, powers), (value) => {
      assert.equal(bytes(formatSize(value)), value);
    }),
  );
});
