import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoName } from '../../../lib/base/errno.ts';

test('a number of the kernel has the name that Linux gives it', () => {
  assert.equal(errnoName(104), 'ECONNRESET');
  assert.equal(errnoName(111), 'ECONNREFUSED');
});

test('of two names for one number the usual one is taken', () => {
  assert.equal(errnoName(11), 'EAGAIN');
  assert.equal(errnoName(95), 'EOPNOTSUPP');
});

test('no error has no name, and an unknown number stays a number', () => {
  assert.equal(errnoName(0), null);
  assert.equal(errnoName(4_000), '4000');
});
