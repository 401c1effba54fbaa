import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePorts } from '../../../lib/base/ports.ts';

test('one port is a range of its own', () => {
  assert.deepEqual(parsePorts('3306'), { ok: true, value: { first: 3306, last: 3306 } });
});

test('both ends of a range are included', () => {
  assert.deepEqual(parsePorts('1-65535'), { ok: true, value: { first: 1, last: 65_535 } });
});

test('anything else is a problem', () => {
  for (const text of ['', '0', '65536', '80-', '-80', '80 - 90', '9-8', '80,90', '8e1', '100000']) {
    const parsed = parsePorts(text);
    assert.equal(parsed.ok, false, text);
    assert.equal(!parsed.ok && parsed.code, 'bad-ports', text);
  }
});
