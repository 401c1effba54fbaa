import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../lib/base/duration.ts';

function ms(text: string): number | null {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : null;
}

function hint(text: string): string | null {
  const parsed = parseDuration(text);
  return parsed.ok ? null : parsed.hint;
}

test('a duration is read in each unit and in sums of them', () => {
  assert.equal(ms('250ms'), 250);
  assert.equal(ms('5s'), 5_000);
  assert.equal(ms('10m'), 600_000);
  assert.equal(ms('2h'), 7_200_000);
  assert.equal(ms('1h30m'), 5_400_000);
  assert.equal(ms('1m500ms'), 60_500);
  assert.equal(ms('0s'), 0);
});

test('a duration is refused with a code when it is not in the grammar', () => {
  for (const text of [
    '',
    '5',
    '-5s',
    '1.5s',
    '5 s',
    '5sec',
    '1d',
    '123456s',
    's',
    '1h1h1h1h1h',
    '５s',
  ]) {
    const parsed = parseDuration(text);
    assert.ok(!parsed.ok, text);
    assert.equal(parsed.code, 'bad-duration');
  }
});

test('a duration comes with the right spelling when the intent is clear, and that spelling is read', () => {
  for (const [text, meant] of [
    ['1.5s', '1s500ms'],
    ['0.5h', '30m'],
    ['7d', '168h'],
    ['5 S', '5s'],
    ['30', '30s'],
  ] as const) {
    assert.ok(hint(text)?.includes(`'${meant}'`), `${text}: ${hint(text)}`);
    assert.notEqual(ms(meant), null);
  }
  assert.equal(hint('soon'), null);
});

test('a duration prints as a text that is read back as the same number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999 * 3_600_000 }), (value) => {
      assert.equal(ms(formatDuration(value)), value);
    }),
  );
});

test('a duration is printed in its largest units', () => {
  assert.equal(formatDuration(0), '0s');
  assert.equal(formatDuration(5_400_000), '1h30m');
  assert.equal(formatDuration(61_001), '1m1s1ms');
});
