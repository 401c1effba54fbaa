import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpointAddress, parseEndpointAddress } from '../../../lib/base/endpoint-address.ts';

function canonical(text: string): string | null {
  const parsed = parseEndpointAddress(text);
  return parsed.ok ? `${parsed.value.type} ${formatEndpointAddress(parsed.value)}` : null;
}

test('a host name with a port is a name, in small letters, with its final dot', () => {
  assert.equal(canonical('db.internal:5432'), 'name db.internal:5432');
  assert.equal(canonical('DB-1.Internal.:80'), 'name db-1.internal.:80');
  assert.equal(canonical('_sip._tcp.example:5060'), 'name _sip._tcp.example:5060');
  assert.equal(canonical('1and1.example:80'), 'name 1and1.example:80');
});

test('what is an address stays one', () => {
  assert.equal(canonical('10.0.0.5:80'), 'ipv4 10.0.0.5:80');
  assert.equal(canonical('[::1]:80'), 'ipv6 [::1]:80');
  assert.equal(canonical('unix:/run/app.sock'), 'unix unix:/run/app.sock');
  assert.equal(canonical('localhost:80'), 'ipv4 127.0.0.1:80');
});

test('a mistyped IPv4 address is not looked up', () => {
  for (const text of ['10.0.0:80', '300.0.0.1:80', '1.2.3.4.5:80', '10.0.0.5.:80', '80:80']) {
    assert.equal(canonical(text), null, text);
  }
});

test('what can be neither is refused', () => {
  const long = `${'a'.repeat(63)}.`.repeat(4);
  for (const text of [
    'db',
    'db:',
    'db:65536',
    '-db:80',
    'db-.internal:80',
    'db..internal:80',
    '.:80',
    ':80',
    `${'a'.repeat(64)}:80`,
    `${long}:80`,
    'http://db:80',
    'db:80/path',
    'd b:80',
    'dß:80',
  ]) {
    assert.equal(canonical(text), null, text);
  }
});
