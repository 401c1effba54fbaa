import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyRules, hasNetAdmin, whatIsMissing } from '../../../lib/interception/nft.ts';
import { undoText } from '../../../lib/interception/rules.ts';

const all = { isLinux: true, hasCapability: true, nft: '/usr/sbin/nft' };

test('the capability is bit 12 of the effective set', () => {
  assert.ok(hasNetAdmin('Name:\tnode\nCapEff:\t000001ffffffffff\n'));
  assert.ok(hasNetAdmin('CapEff:\t0000000000001000\n'));
  assert.ok(!hasNetAdmin('CapEff:\t0000000000002000\nCapBnd:\t000001ffffffffff\n'));
  assert.ok(!hasNetAdmin('CapEff:\t0000000000000000\n'));
  assert.ok(!hasNetAdmin(''));
});

test('what is missing is named, both when both are', () => {
  assert.equal(whatIsMissing(all), null);
  const noCapability = whatIsMissing({ ...all, hasCapability: false }) ?? '';
  assert.match(noCapability, /CAP_NET_ADMIN/);
  assert.doesNotMatch(noCapability, /the program nft/);
  const noNft = whatIsMissing({ ...all, nft: null }) ?? '';
  assert.match(noNft, /the program nft was not found/);
  assert.doesNotMatch(noNft, /CAP_NET_ADMIN/);
  const neither = whatIsMissing({ ...all, hasCapability: false, nft: null }) ?? '';
  assert.match(neither, /CAP_NET_ADMIN.*, and the program nft/);
  assert.match(whatIsMissing({ isLinux: false, hasCapability: false, nft: null }) ?? '', /Linux/);
});

test('without the means nothing is tried and the error has its code', () => {
  assert.throws(() => applyRules(undoText, { ...all, hasCapability: false }), {
    code: 'ERR_INTERCEPTION',
    message: /Nothing was changed\.$/,
  });
});

test('a refusal of nft is told in its own words', () => {
  assert.throws(() => applyRules(undoText, { ...all, nft: '/bin/false' }), {
    code: 'ERR_INTERCEPTION',
    message: /nft refused/,
  });
});
