import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, isLoopback, isWildcard, parseAddress } from '../../../lib/base/address.ts';

function canonical(text: string): string {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok, text);
  return formatAddress(parsed.value);
}

function code(text: string): string | null {
  const parsed = parseAddress(text);
  return parsed.ok ? null : parsed.code;
}

function hint(text: string): string {
  const parsed = parseAddress(text);
  return parsed.ok ? '' : (parsed.hint ?? '');
}

test('an address is an IPv4 or IPv6 literal with a port, or the path of a unix socket', () => {
  assert.deepEqual(parseAddress('10.0.0.5:80'), {
    ok: true,
    value: { type: 'ipv4', host: '10.0.0.5', port: 80 },
  });
  assert.deepEqual(parseAddress('[::1]:65535'), {
    ok: true,
    value: { type: 'ipv6', host: '::1', port: 65_535 },
  });
  assert.deepEqual(parseAddress('unix:/run/a b:1.sock'), {
    ok: true,
    value: { type: 'unix', path: '/run/a b:1.sock' },
  });
  assert.equal(canonical('127.0.0.1:0'), '127.0.0.1:0');
});

test('an address becomes one spelling however it was written', () => {
  assert.equal(canonical('[0:0:0:0:0:0:0:1]:080'), '[::1]:80');
  assert.equal(canonical('[2001:DB8:0:0:1:0:0:1]:443'), '[2001:db8::1:0:0:1]:443');
  assert.equal(canonical('[fe80::1%2]:80'), '[fe80::1%2]:80');
});

test('an address takes localhost as 127.0.0.1 and no other name', () => {
  assert.equal(canonical('localhost:80'), '127.0.0.1:80');
  assert.equal(code('db.example.com:5432'), 'host-name');
  assert.equal(code('web:80'), 'host-name');
});

test('an address is refused with a code when it is not one', () => {
  for (const text of [
    '',
    ':80',
    '*:80',
    '8080',
    '10.0.0.5',
    '10.0.0.5:',
    '10.0.0.5:65536',
    '10.0.0.5:-1',
    '10.0.0.5:8O',
    '10.0.0.256:80',
    '10.0.0:80',
    '010.0.0.1:80',
    '::1',
    '::1:80',
    '[::1]',
    '[::1:80',
    '[::g]:80',
    '[fe80::1%eth0]:80',
    '[::ffff:10.0.0.5]:80',
    'http://10.0.0.5:80',
    '/run/app.sock',
    'unix:',
    'unix:app.sock',
    'unix:@abstract',
    'unix:///run/app.sock',
    'unix:/run/\0',
    `unix:/${'x'.repeat(107)}`,
    '10.0.0.5 :80',
  ]) {
    assert.equal(code(text), 'bad-address', text);
  }
});

test('an address comes with the right spelling when the intent is clear, and that spelling is read', () => {
  for (const [text, meant] of [
    [':80', '0.0.0.0:80'],
    ['*:80', '[::]:80'],
    ['8080', '127.0.0.1:8080'],
    ['10.0.0.5', '10.0.0.5:80'],
    ['::1', '[::1]:80'],
    ['::1:80', '[::1]:80'],
    ['2001:db8::1:443', '[2001:db8::1]:443'],
    ['http://10.0.0.5:80/x', '10.0.0.5:80'],
    ['/run/app.sock', 'unix:/run/app.sock'],
    ['unix:app.sock', 'unix:/run/app.sock'],
    ['unix:///run/app.sock', 'unix:/run/app.sock'],
    ['[::ffff:10.0.0.5]:80', '10.0.0.5:80'],
    ['[fe80::1%eth0]:80', '[fe80::1%2]:80'],
  ] as const) {
    assert.ok(hint(text).includes(`'${meant}'`), `${text}: ${hint(text)}`);
    assert.equal(code(meant), null, meant);
  }
});

test('an address prints as a text that is read back as an equal address', () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  const path = fc
    .stringMatching(/^[\w.-][\w ./:-]{0,60}$/)
    .map((tail) => ({ type: 'unix' as const, path: `/${tail}` }));
  const ip4 = fc
    .tuple(fc.ipV4(), port)
    .map(([host, number]) => ({ type: 'ipv4' as const, host, port: number }));
  fc.assert(
    fc.property(fc.oneof(ip4, path), (address) => {
      assert.deepEqual(parseAddress(formatAddress(address)), { ok: true, value: address });
    }),
  );
  const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  });
  fc.assert(
    fc.property(groups, port, (numbers, number) => {
      fc.pre(numbers.slice(0, 5).some((group) => group !== 0));
      const written = `[${numbers.map((group) => group.toString(16).padStart(4, '0')).join(':')}]:${number}`;
      assert.equal(canonical(canonical(written)), canonical(written));
    }),
  );
});

test('an address never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      parseAddress(text);
      parseAddress(`[${text}]:80`);
      parseAddress(`unix:/${text}`);
    }),
  );
});

test('an address knows wildcards and loopback', () => {
  const is = (test: typeof isWildcard, text: string) => {
    const parsed = parseAddress(text);
    return parsed.ok && test(parsed.value);
  };
  assert.ok(is(isWildcard, '0.0.0.0:1') && is(isWildcard, '[::]:1') && !is(isWildcard, '[::1]:1'));
  assert.ok(
    is(isLoopback, '127.9.9.9:1') && is(isLoopback, '[::1]:1') && is(isLoopback, 'unix:/a'),
  );
  assert.ok(!is(isLoopback, '0.0.0.0:1') && !is(isLoopback, '10.0.0.1:1'));
});
