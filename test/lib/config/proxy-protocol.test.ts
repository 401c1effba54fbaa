// The PROXY protocol, from what a person writes to what is resolved.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../lib/config/resolve.ts';
import type { ListenerConfig, UserConfig } from '../../../lib/config/user-config.ts';
import { checkConfig } from '../../../lib/config/validate.ts';

const web = { endpoints: ['10.0.0.5:80'] };

function withListener(listener: Partial<ListenerConfig>): UserConfig {
  return {
    listeners: [{ name: 'web', address: '127.0.0.1:80', cluster: 'web', ...listener }],
    clusters: { web },
  };
}

function paths(config: UserConfig): readonly string[] {
  return checkConfig(config).map(({ path, code }) => `${path} ${code}`);
}

test('nobody is believed and nothing is sent unless it is said', () => {
  const config = resolveConfig(withListener({}));
  assert.equal(config.listeners[0]?.proxyProtocol, null);
  assert.equal(config.clusters[0]?.proxyProtocol, null);
});

test('networks are resolved with their length, one address with its whole', () => {
  const from = ['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '2001:db8::1'];
  const config = resolveConfig(withListener({ proxyProtocol: { from } }));
  assert.deepEqual(config.listeners[0]?.proxyProtocol, {
    from: [
      { address: '10.0.0.0:0', prefixBits: 8 },
      { address: '192.0.2.1:0', prefixBits: 32 },
      { address: '[fd00::]:0', prefixBits: 8 },
      { address: '[2001:db8::1]:0', prefixBits: 128 },
    ],
    timeoutMs: 5_000,
    required: true,
  });
});

test('the version that a cluster is sent', () => {
  for (const proxyProtocol of ['v1', 'v2'] as const) {
    const config = resolveConfig({
      ...withListener({}),
      clusters: { web: { ...web, proxyProtocol } },
    });
    assert.equal(config.clusters[0]?.proxyProtocol, proxyProtocol);
  }
});

test('wrong networks are reported one by one', () => {
  const from = ['10.0.0.1/8', 'example.com', '10.0.0.0/33'];
  assert.deepEqual(paths(withListener({ proxyProtocol: { from } })), [
    'listeners[0].proxyProtocol.from[0] bad-address',
    'listeners[0].proxyProtocol.from[1] bad-address',
    'listeners[0].proxyProtocol.from[2] bad-address',
  ]);
});

test('a unix socket has no clients in networks', () => {
  const unix = { address: 'unix:/run/w.sock', proxyProtocol: { from: ['10.0.0.0/8'] } } as const;
  assert.deepEqual(paths(withListener(unix)), ['listeners[0].proxyProtocol contradiction']);
});
