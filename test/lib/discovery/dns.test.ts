import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsSource, namesOf } from '../../../lib/discovery/dns.ts';
import type { Lookup, LookupAnswer } from '../../../lib/discovery/dns-lookup.ts';
import { DnsNames } from '../../../lib/discovery/dns-names.ts';
import type { DiscoveredEndpoint } from '../../../lib/discovery/source.ts';
import { resolvedDns } from '../../support/configs.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';

type Book = Record<string, readonly string[]>;

function setUp(endpoints: readonly DiscoveredEndpoint[], book: Book, refused: string[] = []) {
  const clock = new ManualClock();
  const lookup: Lookup = {
    lookup: async (name): Promise<LookupAnswer> => {
      const all = book[name];
      return all === undefined
        ? { type: 'failed', code: 'ETIMEOUT' }
        : {
            type: 'found',
            origin: 'dns',
            ipv4: all.filter((address) => !address.includes(':')),
            ipv6: all.filter((address) => address.includes(':')),
            ttlMs: 60_000,
            cutCount: 0,
          };
    },
    stop: () => undefined,
  };
  const options = { clock, log: new MemoryLog(), makeLookup: () => lookup, random: () => 0 };
  const names = new DnsNames(resolvedDns({}), options);
  const isRefused = (address: string): boolean => refused.includes(address);
  const source = new DnsSource({ endpoints, names, isRefused });
  const reports: (readonly DiscoveredEndpoint[])[] = [];
  source.start((report) => reports.push(report));
  return { clock, names, source, reports };
}

test('every address of a name is an endpoint with the weight of the name', async () => {
  const { reports } = setUp(
    [
      { address: '10.0.0.9:80', weight: 5, zone: null },
      { address: 'web.test:80', weight: 2, zone: null },
    ],
    { 'web.test': ['10.0.0.1', 'fd00::1'] },
  );
  await settle();
  assert.deepEqual(reports, [
    [{ address: '10.0.0.9:80', weight: 5, zone: null }],
    [
      { address: '10.0.0.9:80', weight: 5, zone: null },
      { address: '10.0.0.1:80', weight: 2, zone: null },
      { address: '[fd00::1]:80', weight: 2, zone: null },
    ],
  ]);
});

test('an address that is written out keeps its own weight; names do not double it', async () => {
  const { reports } = setUp(
    [
      { address: 'web.test:80', weight: 2, zone: null },
      { address: 'web.test:81', weight: 3, zone: null },
      { address: 'www.test:80', weight: 4, zone: null },
      { address: '10.0.0.1:80', weight: 9, zone: null },
    ],
    { 'web.test': ['10.0.0.1'], 'www.test': ['10.0.0.1', '10.0.0.2'] },
  );
  await settle();
  assert.deepEqual(reports.at(-1), [
    { address: '10.0.0.1:80', weight: 9, zone: null },
    { address: '10.0.0.1:81', weight: 3, zone: null },
    { address: '10.0.0.2:80', weight: 4, zone: null },
  ]);
});

test('a name that nobody answers for leaves the others', async () => {
  const { reports } = setUp(
    [
      { address: 'gone.test:80', weight: 1, zone: null },
      { address: 'web.test:80', weight: 1, zone: null },
    ],
    { 'web.test': ['10.0.0.1'] },
  );
  await settle();
  assert.deepEqual(reports, [[], [{ address: '10.0.0.1:80', weight: 1, zone: null }]]);
});

test('addresses that are refused are no endpoints', async () => {
  const book = { 'web.test': ['127.0.0.1', '10.0.0.1'] };
  const { reports } = setUp([{ address: 'web.test:80', weight: 1, zone: null }], book, [
    '127.0.0.1:80',
  ]);
  await settle();
  assert.deepEqual(reports.at(-1), [{ address: '10.0.0.1:80', weight: 1, zone: null }]);
});

test('nothing is reported after stop', async () => {
  const { clock, reports, source } = setUp([{ address: 'web.test:80', weight: 1, zone: null }], {
    'web.test': ['10.0.0.1'],
  });
  source.stop();
  await settle();
  clock.advance(3_600_000);
  await settle();
  assert.deepEqual(reports, [[]]);
});

test('namesOf lists each name once', () => {
  const endpoints = ['10.0.0.1:80', 'B.test:80', 'b.test:81', '[::1]:80', 'localhost:80', 'a:1'];
  assert.deepEqual(namesOf(endpoints.map((address) => ({ address, weight: 1, zone: null }))), [
    'b.test',
    'a',
  ]);
});
