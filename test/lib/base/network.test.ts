import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatNetwork, networkContains, parseNetwork } from '../../../lib/base/network.ts';

function network(text: string) {
  const parsed = parseNetwork(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function canonical(text: string): string {
  return formatNetwork(network(text));
}

function refusal(text: string): string {
  const parsed = parseNetwork(text);
  return parsed.ok ? '' : `${parsed.problem} ${parsed.hint ?? ''}`;
}

test('a network is an address with the number of its bits that count', () => {
  assert.deepEqual(network('10.0.0.0/8'), { type: 'ipv4', host: '10.0.0.0', prefix: 8 });
  assert.deepEqual(network('10.0.0.5'), { type: 'ipv4', host: '10.0.0.5', prefix: 32 });
  assert.deepEqual(network('FD00:0:0::/8'), { type: 'ipv6', host: 'fd00::', prefix: 8 });
  assert.equal(canonical('0.0.0.0/0'), '0.0.0.0/0');
  assert.equal(canonical('::/0'), '::/0');
  assert.equal(canonical('10.0.0.5/32'), '10.0.0.5');
  assert.equal(canonical('2001:db8:0:0:0:0:0:1/128'), '2001:db8::1');
  assert.equal(canonical('255.255.255.255'), '255.255.255.255');
});

test('what is no network is refused with what to write', () => {
  for (const text of ['', '/8', '10.0.0/8', '10.0.0.0/8/8', 'web', 'fe80::1%2', '10.0.0.0/']) {
    assert.notEqual(refusal(text), '', text);
  }
  assert.match(refusal('10.0.0.0/33'), /0 to 32/);
  assert.match(refusal('fd00::/129'), /0 to 128/);
  assert.match(refusal('10.0.0.0/x'), /0 to 32/);
  assert.match(refusal('10.1.2.3/8'), /Write '10\.0\.0\.0\/8'/);
  assert.match(refusal('fd00::1/64'), /Write 'fd00::\/64'/);
  assert.match(refusal('[fd00::1]'), /'fd00::1'/);
  assert.match(refusal('::ffff:10.0.0.1'), /own form/);
});

test('a network contains what shares its first bits and is no wider', () => {
  const contains = (outer: string, inner: string) =>
    networkContains(network(outer), network(inner));
  assert.ok(contains('10.0.0.0/8', '10.1.0.0/16'));
  assert.ok(contains('10.0.0.0/8', '10.0.0.0/8'));
  assert.ok(contains('0.0.0.0/0', '255.1.2.3'));
  assert.ok(contains('fd00::/8', 'fdff::1'));
  assert.ok(!contains('10.0.0.0/8', '11.0.0.0/16'));
  assert.ok(!contains('10.1.0.0/16', '10.0.0.0/8'));
  assert.ok(!contains('::/0', '10.0.0.0/8'));
});

test('the canonical text of any network reads back as the same network', () => {
  const ipv4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
  const ipv6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), ([host, prefix]) => {
      const parsed = parseNetwork(`${host}/${prefix}`);
      const text = parsed.ok
        ? formatNetwork(parsed.value)
        : /Write '(.+)'/.exec(parsed.hint ?? '')?.[1];
      if (text !== undefined) {
        assert.equal(canonical(text), text);
      }
    }),
  );
});
