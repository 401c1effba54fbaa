import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestWord } from '../../../lib/base/nearest-word.ts';

const keys = ['address', 'cluster', 'idleTimeout', 'userTimeout', 'connectionsMax', 'keepalive'];

test('the nearest word is found through a typing error, a wrong case or a part of the word', () => {
  assert.equal(nearestWord('adress', keys), 'address');
  assert.equal(nearestWord('clutser', keys), 'cluster');
  assert.equal(nearestWord('idletimeout', keys), 'idleTimeout');
  assert.equal(nearestWord('maxConnections', ['connectionsMax', 'keepalive']), null);
  assert.equal(nearestWord('connections', keys), 'connectionsMax');
  assert.equal(nearestWord('keepAlive', keys), 'keepalive');
});

test('the nearest word is not invented when nothing is near', () => {
  assert.equal(nearestWord('tls', keys), null);
  assert.equal(nearestWord('', keys), null);
  assert.equal(nearestWord('zzzzzzzz', keys), null);
  assert.equal(nearestWord('address', []), null);
});

test('the nearest word is the word itself when it is there', () => {
  assert.equal(nearestWord('cluster', ['clusters', 'cluster']), 'cluster');
});

test('the edit distance counts insertions, deletions, substitutions and swaps', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('abc', 'abc'), 0);
  assert.equal(editDistance('abc', 'acb'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});

test('the edit distance is symmetric, zero only for equal words, and at most the longer length', () => {
  const word = fc.stringMatching(/^[abc]{0,8}$/);
  fc.assert(
    fc.property(word, word, (left, right) => {
      const distance = editDistance(left, right);
      assert.equal(distance, editDistance(right, left));
      assert.equal(distance === 0, left === right);
      assert.ok(distance <= Math.max(left.length, right.length));
    }),
  );
});
