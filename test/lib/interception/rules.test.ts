import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork } from '../../../lib/base/network.ts';
import { type Redirection, redirectionDefaults } from '../../../lib/interception/redirection.ts';
import { rulesText, undoText } from '../../../lib/interception/rules.ts';

function rules(changes: Partial<Redirection> = {}): string {
  return rulesText({ ...redirectionDefaults, ...changes });
}

function networks(...texts: string[]) {
  return texts.map((text) => {
    const parsed = parseNetwork(text);
    assert.ok(parsed.ok, text);
    return parsed.value;
  });
}

test('the rules replace the table of the name weft and touch no other', () => {
  assert.equal(
    rules(),
    `add table inet weft
delete table inet weft
table inet weft {
  chain inbound {
    type nat hook prerouting priority -100; policy accept;
    iifname "lo" return
    fib daddr type != local return
    tcp dport 4191 return
    meta l4proto tcp redirect to :4143
  }

  chain outbound {
    type nat hook output priority -100; policy accept;
    oifname "lo" return
    meta skuid 2102 return
    meta l4proto tcp redirect to :4140
  }
}
`,
  );
  assert.ok(rules().startsWith(undoText));
});

test('user and ports are those that were asked for', () => {
  const text = rules({ uid: 7, inboundPort: 15_006, outboundPort: 15_001, adminPort: 9_901 });
  assert.match(text, /meta skuid 7 return/);
  assert.match(text, /redirect to :15006\n/);
  assert.match(text, /redirect to :15001\n/);
  assert.match(text, /tcp dport 9901 return/);
});

test('skipped ports are sorted, and what overlaps or touches is one range', () => {
  const ports = [
    { first: 8_000, last: 8_100 },
    { first: 22, last: 22 },
    { first: 8_050, last: 8_200 },
    { first: 23, last: 23 },
    { first: 22, last: 22 },
  ];
  assert.match(
    rules({ inbound: { ports, networks: [] } }),
    /tcp dport \{ 22-23, 4191, 8000-8200 \} return/,
  );
  assert.match(
    rules({ outbound: { ports, networks: [] } }),
    /tcp dport \{ 22-23, 8000-8200 \} return/,
  );
});

test('skipped networks are sources inbound and destinations outbound, each family by itself', () => {
  const all = networks('10.1.0.0/16', '10.0.0.0/8', 'fd00::/8', '192.0.2.7', '192.0.2.7');
  const inbound = rules({ inbound: { ports: [], networks: all } });
  assert.match(inbound, /ip saddr \{ 10\.0\.0\.0\/8, 192\.0\.2\.7 \} return/);
  assert.match(inbound, /ip6 saddr fd00::\/8 return/);
  const outbound = rules({ outbound: { ports: [], networks: networks('::/0') } });
  assert.match(outbound, /ip6 daddr ::\/0 return/);
  assert.doesNotMatch(outbound, /ip daddr/);
});
