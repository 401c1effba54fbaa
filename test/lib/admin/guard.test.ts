import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, refusal } from '../../../lib/admin/guard.ts';

const peer: Peer = {
  address: '127.0.0.1',
  host: '127.0.0.1:4191',
  origin: undefined,
  fetchSite: undefined,
};

test('a loopback peer may change state', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', null]) {
    assert.equal(refusal({ ...peer, address }, true), null, String(address));
  }
});

test('another peer may read but not change', () => {
  for (const address of ['10.0.0.1', '::ffff:10.127.0.1', 'fe80::1', '1.127.0.0', 'gone']) {
    assert.notEqual(refusal({ ...peer, address }, true), null, address);
    assert.equal(refusal({ ...peer, address, host: 'weft.mesh.svc:4191' }, false), null, address);
  }
});

test('a loopback peer must use an address or localhost as Host', () => {
  for (const host of ['localhost', 'LOCALHOST:4191', '[::1]:4191', '127.0.0.1', undefined]) {
    assert.equal(refusal({ ...peer, host }, false), null, host);
  }
  for (const host of ['evil.example', 'localhost.evil.example:4191', '127.0.0.1.evil', '']) {
    assert.notEqual(refusal({ ...peer, host }, false), null, host);
  }
});

test('over a unix socket any Host is fine', () => {
  assert.equal(refusal({ ...peer, address: null, host: 'weft' }, true), null);
});

test('a foreign origin may not change state', () => {
  const same = { ...peer, origin: 'http://127.0.0.1:4191' };
  assert.equal(refusal(same, true), null);
  for (const origin of ['http://127.0.0.1:8080', 'https://127.0.0.1:4191', 'null']) {
    assert.notEqual(refusal({ ...peer, origin }, true), null, origin);
  }
  for (const fetchSite of ['cross-site', 'same-site']) {
    assert.notEqual(refusal({ ...peer, fetchSite }, true), null, fetchSite);
  }
  assert.equal(refusal({ ...peer, fetchSite: 'none' }, true), null);
});
