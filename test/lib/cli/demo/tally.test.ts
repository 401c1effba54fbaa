import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latency, Tally } from '../../../../lib/cli/demo/tally.ts';

test('quantiles are right within three percent', () => {
  const latency = new Latency();
  for (let us = 1; us <= 10_000; us++) {
    latency.add(us);
  }
  for (const [share, expected] of [
    [0.5, 5_000],
    [0.99, 9_900],
    [0.001, 10],
  ] as const) {
    const found = latency.quantile(share) ?? 0;
    assert.ok(Math.abs(found - expected) / expected <= 0.03, `${share}: ${found}`);
  }
});

test('nothing measured has no quantile', () => {
  assert.equal(new Latency().quantile(0.5), null);
});

test('of many errors the first few keep their text', () => {
  const tally = new Tally();
  for (let count = 0; count < 100; count++) {
    tally.failed(`error ${count}`);
  }
  assert.equal(tally.errors, 100);
  assert.equal(tally.errorTexts.length, 5);
  assert.equal(tally.errorTexts[0], 'error 0');
});
