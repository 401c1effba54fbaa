// Names that clients of TLS ask for, as people write them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerName } from '../../../lib/base/server-name.ts';

test('names and the ends of names are taken, in lower case', () => {
  const names = { 'api.example.com': 'api.example.com', '*.Example.COM': '*.example.com' };
  const others = {
    localhost: 'localhost',
    'my_svc.ns': 'my_svc.ns',
    '*.a': '*.a',
    'a--b.c': 'a--b.c',
  };
  for (const [text, value] of Object.entries({ ...names, ...others })) {
    assert.deepEqual(parseServerName(text), { ok: true, value });
  }
  assert.ok(parseServerName(`${'a'.repeat(63)}.com`).ok);
  assert.ok(parseServerName(`${'a.'.repeat(126)}a`).ok);
});

test('what no client can ask for is refused, and says what to write', () => {
  const wrong = {
    '': /Like/,
    '*': /Leave hostnames out/,
    '*.*.com': /at the start/,
    'a.*.com': /at the start/,
    '*example.com': /at the start/,
    '*.': /Like|Write/,
    'example.com.': /Write 'example.com'/,
    'a..b': /Like/,
    '.com': /Like/,
    '-a.com': /Like/,
    'a-.com': /Like/,
    'a b.com': /Like/,
    'bücher.example': /Like/,
    'a:443': /Like/,
    '10.0.0.1': /Leave hostnames out|leave hostnames out/,
    '::1': /leave hostnames out/,
    '[::1]': /leave hostnames out/,
  };
  for (const [text, hint] of Object.entries(wrong)) {
    const parsed = parseServerName(text);
    assert.ok(!parsed.ok && parsed.code === 'bad-server-name', text);
    assert.match(parsed.hint ?? '', hint, text);
  }
  assert.ok(!parseServerName(`${'a'.repeat(64)}.com`).ok);
  assert.ok(!parseServerName(`${'a.'.repeat(127)}a`).ok);
});
