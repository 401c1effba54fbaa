// Lookups over real sockets, of a name server that lies, stalls, truncates and goes away.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../../lib/base/clock.ts';
import type { ResolvedDns } from '../../../lib/config/config.ts';
import { DnsLookup, type FoundAddresses } from '../../../lib/discovery/dns-lookup.ts';
import { SystemNames } from '../../../lib/discovery/system-names.ts';
import { resolvedDns } from '../../support/configs.ts';
import { addresses, type DnsScript, ScriptedDns } from '../../support/dns-server.ts';
import { tempFolder } from '../../support/weft.ts';

let server: ScriptedDns;

before(async () => {
  server = await ScriptedDns.listen(() => 'silent');
});

after(() => server.close());

function lookupWith(settings: Partial<ResolvedDns> = {}, files: Record<string, string> = {}) {
  const folder = tempFolder();
  const paths = { hosts: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') };
  writeFileSync(paths.hosts, files['hosts'] ?? '');
  writeFileSync(paths.resolvConf, files['resolvConf'] ?? '');
  return new DnsLookup({
    settings: resolvedDns({ servers: [server.address], timeoutMs: 2_000, ...settings }),
    files: new SystemNames(paths),
    clock: systemClock,
  });
}

async function found(lookup: DnsLookup, name = 'db.test'): Promise<FoundAddresses> {
  const answer = await lookup.lookup(name);
  assert.equal(answer.type, 'found', JSON.stringify(answer));
  return answer as FoundAddresses;
}

test('A and AAAA records are found, in a stable order, with the shortest time to live', async () => {
  server.script = (question) =>
    question.type === 'A'
      ? {
          records: [
            { type: 'A', data: '10.0.0.9', ttl: 30 },
            { type: 'A', data: '10.0.0.1', ttl: 7 },
          ],
        }
      : addresses(question, ['fd00::2', 'fd00::1'], 60);
  assert.deepEqual(await found(lookupWith()), {
    type: 'found',
    origin: 'dns',
    ipv4: ['10.0.0.1', '10.0.0.9'],
    ipv6: ['fd00::1', 'fd00::2'],
    ttlMs: 7_000,
    cutCount: 0,
  });
});

test('a CNAME is followed, and its time to live counts', async () => {
  server.script = ({ type }) =>
    type === 'A'
      ? {
          records: [
            { type: 'CNAME', data: 'real.test', ttl: 3 },
            { type: 'A', name: 'real.test', data: '10.0.0.3', ttl: 300 },
          ],
        }
      : { records: [] };
  const { ipv4, ttlMs } = await found(lookupWith());
  assert.deepEqual(ipv4, ['10.0.0.3']);
  assert.equal(ttlMs, 3_000);
});

test('one family is asked for where only one is wanted', async () => {
  server.script = (question) => addresses(question, ['10.0.0.1', 'fd00::1']);
  assert.deepEqual((await found(lookupWith({ family: 'ipv4' }), 'four.test')).ipv6, []);
  assert.deepEqual((await found(lookupWith({ family: 'ipv6' }), 'six.test')).ipv4, []);
  assert.equal(server.asked('four.test', 'AAAA') + server.asked('six.test', 'A'), 0);
});

test('a family that fails is told apart from one without records', async () => {
  server.script = (question) =>
    question.type === 'A' ? addresses(question, ['10.0.0.1']) : { rcode: 'SERVFAIL' };
  const { ipv4, ipv6 } = await found(lookupWith());
  assert.deepEqual(ipv4, ['10.0.0.1']);
  assert.equal(ipv6, null);
});

test('no such name and no such record are absent, everything else is a failure', async () => {
  const answerTo = async (script: DnsScript): Promise<string> => {
    server.script = () => script;
    const answer = await lookupWith({ timeoutMs: 600 }).lookup('db.test');
    return `${answer.type} ${'code' in answer ? answer.code : ''}`;
  };
  assert.equal(await answerTo({ rcode: 'NXDOMAIN' }), 'absent ENOTFOUND');
  assert.equal(await answerTo({ records: [] }), 'absent ENODATA');
  assert.equal(await answerTo({ rcode: 'SERVFAIL' }), 'failed ESERVFAIL');
  assert.equal(await answerTo({ rcode: 'REFUSED' }), 'failed EREFUSED');
  assert.match(await answerTo('silent'), /^failed ETIMEOUT/);
  assert.match(await answerTo('short'), /^failed E/);
  assert.match(await answerTo({ bytes: Buffer.from('garbage, and no answer') }), /^failed E/);
  assert.match(await answerTo({ bytes: Buffer.alloc(0) }), /^failed E/);
});

test('records of another type are no addresses', async () => {
  server.script = () => ({ records: [{ type: 'TXT', data: '10.0.0.1' }] });
  const answer = await lookupWith().lookup('db.test');
  assert.notEqual(answer.type, 'found');
});

test('addresses that nobody can be at are left out', async () => {
  const bad = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', 'fe80::1'];
  server.script = (question) => addresses(question, [...bad, '10.0.0.1', 'fd00::1']);
  const { ipv4, ipv6 } = await found(lookupWith());
  assert.deepEqual([ipv4, ipv6], [['10.0.0.1'], ['fd00::1']]);
  server.script = (question) => addresses(question, ['0.0.0.0', '::']);
  assert.deepEqual(await lookupWith().lookup('db.test'), { type: 'absent', code: 'ENODATA' });
});

test('a thousand records come over TCP; what exceeds the limit is left out, always the same', async () => {
  const all = Array.from({ length: 1_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  let turn = 0;
  server.script = (question) => {
    // Another order in each answer, as of a server that rotates.
    turn += 137;
    return addresses(question, [...all.slice(turn % 1_000), ...all.slice(0, turn % 1_000)]);
  };
  const lookup = lookupWith();
  assert.equal((await found(lookup, 'many.test')).ipv4?.length, 1_000);
  assert.ok(server.questions.some(({ name, over }) => name === 'many.test' && over === 'tcp'));
  const cut = lookupWith({ recordsMax: 100 });
  const first = await found(cut, 'many.test');
  assert.equal(first.cutCount, 900);
  assert.deepEqual((await found(cut, 'many.test')).ipv4, first.ipv4);
});

test('a truncated answer whose TCP side is silent or closed ends in time', async () => {
  for (const over of ['silent', 'close'] as const) {
    server.script = (question) => (question.over === 'udp' ? 'truncated' : over);
    const startedMs = performance.now();
    const answer = await lookupWith({ timeoutMs: 500 }).lookup('db.test');
    assert.equal(answer.type, 'failed');
    assert.ok(performance.now() - startedMs < 1_500);
  }
});

test('a silent server costs the time-out, not more, and the next lookup is not harmed', async () => {
  const lookup = lookupWith({ timeoutMs: 400, lookupsMax: 1 });
  server.script = (question) =>
    question.name === 'gone.test' ? 'silent' : addresses(question, ['10.0.0.1']);
  const startedMs = performance.now();
  const [gone, here] = await Promise.all([lookup.lookup('gone.test'), lookup.lookup('db.test')]);
  assert.deepEqual(gone, { type: 'failed', code: 'ETIMEOUT' });
  assert.equal(here.type, 'found');
  assert.ok(performance.now() - startedMs < 1_500);
});

test('a server that is not there is a failure, and the second server is asked', async () => {
  const absent = '127.0.0.1:9';
  const alone = await lookupWith({ servers: [absent], timeoutMs: 600 }).lookup('db.test');
  assert.equal(alone.type, 'failed');
  server.script = (question) => addresses(question, ['10.0.0.1']);
  assert.deepEqual((await found(lookupWith({ servers: [absent, server.address] }))).ipv4, [
    '10.0.0.1',
  ]);
});

test('the hosts file and localhost are asked first, and no server', async () => {
  server.script = () => ({ rcode: 'SERVFAIL' });
  const lookup = lookupWith({}, { hosts: '10.0.0.7 listed.test\nfd00::7 listed.test\n' });
  const listed = await found(lookup, 'listed.test');
  assert.deepEqual(
    [listed.origin, listed.ipv4, listed.ipv6, listed.ttlMs],
    ['hosts', ['10.0.0.7'], ['fd00::7'], null],
  );
  assert.deepEqual((await found(lookup, 'app.localhost')).ipv4, ['127.0.0.1']);
  assert.equal(server.asked('listed.test') + server.asked('app.localhost'), 0);
});

test('search domains are tried in order, and a failure in one of them ends the search', async () => {
  const resolvConf = 'search a.test b.test\noptions ndots:5\n';
  server.script = (question) =>
    question.name === 'db.b.test' || question.name === 'db'
      ? addresses(question, ['10.0.0.2'])
      : { rcode: question.name === 'web.a.test' ? 'SERVFAIL' : 'NXDOMAIN' };
  const lookup = lookupWith({}, { resolvConf });
  assert.deepEqual((await found(lookup, 'db')).ipv4, ['10.0.0.2']);
  assert.equal(server.asked('db.a.test') > 0 && server.asked('db') === 0, true);
  assert.deepEqual((await found(lookup, 'db.')).ipv4, ['10.0.0.2']);
  assert.equal((await lookup.lookup('web')).type, 'failed');
  assert.equal(server.asked('web.b.test') + server.asked('web'), 0);
});

test('no more lookups are under way than allowed', async () => {
  server.waitingMax = 0;
  server.script = () => ({ records: [{ type: 'A', data: '10.0.0.1' }], delayMs: 5 });
  const lookup = lookupWith({ lookupsMax: 3, family: 'ipv4' });
  const names = Array.from({ length: 60 }, (_, i) => `n${i}.test`);
  const answers = await Promise.all(names.map((name) => lookup.lookup(name)));
  assert.ok(answers.every(({ type }) => type === 'found'));
  assert.ok(server.waitingMax <= 3 && server.waitingMax >= 2, String(server.waitingMax));
});

test('stop ends what is under way at once', async () => {
  server.script = () => 'silent';
  const lookup = lookupWith({ timeoutMs: 30_000, lookupsMax: 1 });
  const answers = Promise.all([lookup.lookup('a.test'), lookup.lookup('b.test')]);
  setTimeout(() => lookup.stop(), 50);
  assert.deepEqual(
    (await answers).map(({ type }) => type),
    ['failed', 'failed'],
  );
});

test('a thousand lookups leave no descriptor and no memory behind', async () => {
  const { readdirSync } = await import('node:fs');
  const fdCount = (): number => readdirSync('/proc/self/fd').length;
  let count = 0;
  server.script = (question) => {
    count += 1;
    const kinds: readonly DnsScript[] = [
      addresses(question, ['10.0.0.1', `10.0.${count & 127}.2`]),
      { rcode: 'NXDOMAIN' },
      { rcode: 'SERVFAIL' },
      'truncated',
    ];
    return question.over === 'tcp'
      ? addresses(question, ['10.0.0.1'])
      : (kinds[count % kinds.length] ?? 'silent');
  };
  const lookup = lookupWith();
  const some = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        ['a.test', 'b.test', 'c.test', 'd.test'].map((name) => lookup.lookup(name)),
      );
    }
  };
  await some(100);
  const [fds, before] = [fdCount(), process.memoryUsage().rss];
  await some(250);
  assert.ok(fdCount() <= fds + 8, `${fdCount()} descriptors, ${fds} before`);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 24 * 1024 * 1024, `${Math.round(grown / 1024)} KiB more`);
});
