import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasTable, whatIsNotTaken } from '../../../lib/interception/loaded.ts';
import { redirectionDefaults } from '../../../lib/interception/redirection.ts';

const table = { table: { family: 'inet', name: 'weft', handle: 2 } };

function chain(name: string, hook: string) {
  return { chain: { family: 'inet', table: 'weft', name, type: 'nat', hook, prio: -100 } };
}

function rule(name: string, ...expr: object[]) {
  return { rule: { family: 'inet', table: 'weft', chain: name, expr } };
}

function uidIs(right: number) {
  return { match: { op: '==', left: { meta: { key: 'skuid' } }, right } };
}

const chains = [chain('inbound', 'prerouting'), chain('outbound', 'output')];
const inbound = rule('inbound', { redirect: { port: 4143 } });
const leftOut = rule('outbound', uidIs(2102), { return: null });
const outbound = rule('outbound', { redirect: { port: 4140 } });

function problems(...objects: object[]): string[] {
  return whatIsNotTaken(JSON.stringify({ nftables: objects }), redirectionDefaults);
}

test('traffic is taken when both chains redirect and the proxy itself is left out', () => {
  assert.deepEqual(problems(table, ...chains, inbound, leftOut, outbound), []);
});

test('each thing that keeps traffic from being taken is named', () => {
  assert.match(whatIsNotTaken(null, redirectionDefaults).join(), /no table inet weft/);
  const dormant = { table: { ...table.table, flags: ['dormant'] } };
  assert.match(problems(dormant, ...chains, inbound, leftOut, outbound).join(), /dormant/);
  assert.match(problems(table, ...chains, leftOut, outbound).join(), /inbound: no rule redirects/);
  assert.match(problems(table, ...chains, inbound, outbound).join(), /uid 2102/);
  const otherUid = rule('outbound', uidIs(7), { return: null });
  assert.match(problems(table, ...chains, inbound, otherUid, outbound).join(), /uid 2102/);
  const otherPort = rule('inbound', { redirect: { port: 5 } });
  assert.match(problems(table, ...chains, otherPort, leftOut, outbound).join(), /port 5, not 4143/);
  const wrongHook = chain('inbound', 'input');
  assert.match(problems(table, wrongHook, inbound).join(), /inbound: there is no chain/);
  assert.equal(problems(table).length, 2);
});

test('a table of the name in another family is not the own one', () => {
  const listing = (family: string) =>
    JSON.stringify({ nftables: [{ metainfo: {} }, { table: { family, name: 'weft' } }] });
  assert.ok(hasTable(listing('inet')));
  assert.ok(!hasTable(listing('ip')));
  assert.ok(!hasTable('{"nftables": []}'));
});
