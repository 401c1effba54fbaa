import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freezeDeep } from '../../../lib/base/freeze.ts';

test('freezeDeep freezes objects and arrays at every depth and returns the same object', () => {
  const value = { list: [{ inner: 1 }], nothing: null, text: 'x' };
  assert.equal(freezeDeep(value), value);
  assert.throws(() => {
    (value.list[0] as { inner: number }).inner = 2;
  }, TypeError);
  assert.throws(() => value.list.push({ inner: 3 }), TypeError);
});

test('freezeDeep leaves class instances alone and ends on a cycle', () => {
  const map = new Map();
  const value: { map: Map<string, string>; self?: unknown } = { map };
  value.self = value;
  freezeDeep(value);
  map.set('still', 'open');
  assert.ok(Object.isFrozen(value) && !Object.isFrozen(map));
});
