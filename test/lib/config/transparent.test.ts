// Transparent listeners and claims, from what a person writes to what is resolved.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../lib/config/resolve.ts';
import type { UserConfig } from '../../../lib/config/user-config.ts';
import { checkConfig } from '../../../lib/config/validate.ts';

const outbound = { name: 'out', address: '127.0.0.1:4140', transparent: true } as const;
const inbound = {
  name: 'in',
  address: '[::]:4143',
  transparent: true,
  direction: 'inbound',
} as const;
const web = { endpoints: ['10.0.0.5:80'] };

function paths(config: UserConfig): readonly string[] {
  return checkConfig(config).map(({ path, code }) => `${path} ${code}`);
}

test('a transparent listener needs no cluster: connections go where they meant to', () => {
  const config = resolveConfig({ listeners: [outbound, inbound] });
  assert.deepEqual(
    config.listeners.map(({ cluster }) => cluster),
    ['original-outbound', 'original-inbound'],
  );
  assert.deepEqual(
    config.clusters.map(({ name, originalDst, connectTimeoutMs, connectAttemptsMax }) => [
      name,
      originalDst,
      connectTimeoutMs,
      connectAttemptsMax,
    ]),
    [
      ['original-inbound', true, 300, 1],
      ['original-outbound', true, 1_000, 1],
    ],
  );
});

test('nothing is ejected from clusters of original destinations, and none fails fast', () => {
  for (const cluster of resolveConfig({ listeners: [outbound, inbound] }).clusters) {
    assert.equal(cluster.ejection, null);
    assert.equal(cluster.failFastAfterMs, null);
  }
});

test('another listener needs a cluster that is there', () => {
  assert.deepEqual(paths({ listeners: [{ address: '127.0.0.1:80' }], clusters: { web } }), [
    'listeners[0].cluster missing',
  ]);
  assert.deepEqual(paths({ listeners: [{ ...outbound, cluster: 'web' }] }), [
    'listeners[0].cluster unknown-cluster',
  ]);
});

test('claims are networks with a length and a port, 0 for all', () => {
  const destinations = ['10.96.0.10:80', '10.1.0.0/16', '[fd00::/8]:443', '*:5432'];
  const config = resolveConfig({
    listeners: [outbound],
    clusters: { web: { ...web, destinations } },
  });
  assert.deepEqual(config.clusters[0]?.destinations, [
    { address: '10.96.0.10:80', prefixBits: 32 },
    { address: '10.1.0.0:0', prefixBits: 16 },
    { address: '[fd00::]:443', prefixBits: 8 },
    { address: '0.0.0.0:5432', prefixBits: 0 },
    { address: '[::]:5432', prefixBits: 0 },
  ]);
});

test('two claims on the same are an error, in one cluster or in two', () => {
  const clusters = {
    web: { ...web, destinations: ['10.0.0.0/8:80', '10.0.0.0/8'] },
    other: { ...web, destinations: ['10.0.0.0/8:81', '10.0.0.0/8:80'] },
  };
  assert.deepEqual(paths({ listeners: [outbound], clusters }), [
    'clusters.other.destinations[1] duplicate-address',
  ]);
});

test('settings that contradict each other are errors', () => {
  const unix = { name: 'u', address: 'unix:/run/w.sock', transparent: true } as const;
  assert.deepEqual(paths({ listeners: [unix] }), ['listeners[0].transparent contradiction']);
  const wrong = [
    { ...outbound, workloadAddress: 'loopback' },
    { ...inbound, workloadAddress: 'loopback', cluster: 'web' },
    { ...inbound, transparent: false, workloadAddress: 'original', cluster: 'web' },
  ] as const;
  for (const listener of wrong) {
    assert.deepEqual(paths({ listeners: [listener], clusters: { web } }), [
      'listeners[0].workloadAddress contradiction',
    ]);
  }
});

test('the names of the clusters of original destinations are taken', () => {
  assert.deepEqual(paths({ listeners: [outbound], clusters: { 'original-outbound': web } }), [
    'clusters.original-outbound duplicate-name',
  ]);
});
