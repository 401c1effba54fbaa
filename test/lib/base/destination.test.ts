import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDestination, parseDestination } from '../../../lib/base/destination.ts';

function read(text: string): readonly string[] | string {
  const parsed = parseDestination(text);
  return parsed.ok ? parsed.value.map(formatDestination) : parsed.problem;
}

test('addresses and networks, with a port or for all ports', () => {
  assert.deepEqual(read('10.96.0.10:80'), ['10.96.0.10:80']);
  assert.deepEqual(read('10.96.0.10'), ['10.96.0.10']);
  assert.deepEqual(read('10.1.0.0/16'), ['10.1.0.0/16']);
  assert.deepEqual(read('10.1.0.0/16:80'), ['10.1.0.0/16:80']);
  assert.deepEqual(read('FD00::/8'), ['fd00::/8']);
  assert.deepEqual(read('[fd00::/8]:80'), ['[fd00::/8]:80']);
  assert.deepEqual(read('[fd00:0::1]:80'), ['[fd00::1]:80']);
});

test('a star stands for every address of both families, and needs a port', () => {
  assert.deepEqual(read('*:5432'), ['0.0.0.0/0:5432', '[::/0]:5432']);
  assert.match(read('*') as string, /port/);
});

test('what is neither is a problem that can be read', () => {
  for (const text of [
    '',
    ':80',
    'web:80',
    '10.0.0.0/33',
    '10.0.0.1/8',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '[10.0.0.1',
    'unix:/x',
    '::ffff:1.2.3.4',
  ]) {
    assert.match(read(text) as string, /^(expected|there are)/, text);
  }
});
