import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundAddresses, Lookup, LookupAnswer } from '../../../lib/discovery/dns-lookup.ts';
import { DnsNames } from '../../../lib/discovery/dns-names.ts';
import { resolvedDns } from '../../support/configs.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const servfail: LookupAnswer = { type: 'failed', code: 'ESERVFAIL' };
const nxdomain: LookupAnswer = { type: 'absent', code: 'ENOTFOUND' };

function found(ipv4: readonly string[] | null, parts: Partial<FoundAddresses> = {}): LookupAnswer {
  return { type: 'found', origin: 'dns', ipv4, ipv6: [], ttlMs: 60_000, cutCount: 0, ...parts };
}

/** Answers as the test says, and keeps what was asked. */
class FakeLookup implements Lookup {
  answer: LookupAnswer | 'never' = servfail;
  asked: string[] = [];
  nowCount = 0;
  stopped = false;

  async lookup(name: string): Promise<LookupAnswer> {
    this.asked.push(name);
    if (this.answer === 'never') {
      this.nowCount += 1;
      return new Promise(() => undefined);
    }
    return this.answer;
  }

  stop(): void {
    this.stopped = true;
  }
}

function setUp(settings = resolvedDns({})) {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const lookups: FakeLookup[] = [];
  const lookup = new FakeLookup();
  const names = new DnsNames(settings, {
    clock,
    log,
    random: () => 0,
    makeLookup: () => {
      lookups.push(lookups.length === 0 ? lookup : new FakeLookup());
      return lookups.at(-1) ?? lookup;
    },
  });
  const changes: (readonly string[])[] = [];
  const watch = (name = 'db.test') => {
    const watched = names.watch(name, () => changes.push(watched.addresses()));
    return watched;
  };
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  const notable = (): readonly string[] =>
    log.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message);
  return { clock, log, lookup, lookups, names, changes, watch, advance, notable };
}

test('a name is asked again when its time to live is over, within the bounds', async () => {
  const { lookup, watch, advance } = setUp();
  const askedAfter = async (ttlMs: number, ms: number): Promise<boolean> => {
    lookup.answer = found(['10.0.0.1'], { ttlMs });
    await advance(3_600_000);
    lookup.asked = [];
    await advance(ms);
    return lookup.asked.length > 0;
  };
  watch();
  await settle();
  assert.equal(await askedAfter(60_000, 59_999), false);
  assert.equal(await askedAfter(60_000, 60_000), true);
  assert.equal(await askedAfter(0, 4_999), false);
  assert.equal(await askedAfter(0, 5_000), true);
  assert.equal(await askedAfter(10 ** 12, 3_599_999), false);
  assert.equal(await askedAfter(10 ** 12, 3_600_000), true);
});

test('only another set of addresses is a change', async () => {
  const { lookup, watch, advance, changes } = setUp();
  lookup.answer = found(['10.0.0.1', '10.0.0.2']);
  watch();
  await settle();
  await advance(60_000);
  lookup.answer = found(['10.0.0.2']);
  await advance(60_000);
  assert.deepEqual(changes, [['10.0.0.1', '10.0.0.2'], ['10.0.0.2']]);
});

test('the last good addresses stay while lookups fail, which is said once, as is the recovery', async () => {
  const { lookup, names, watch, advance, changes, notable } = setUp();
  lookup.answer = found(['10.0.0.1']);
  watch();
  await settle();
  lookup.answer = servfail;
  await advance(60_000);
  for (let i = 0; i < 20; i++) {
    await advance(30_000);
  }
  const stale = names.report('db.test');
  assert.equal(stale?.state, 'stale');
  assert.equal(stale?.error, 'ESERVFAIL');
  assert.deepEqual(stale?.addresses, ['10.0.0.1']);
  assert.ok((stale?.failureCount ?? 0) > 20);
  lookup.answer = found(['10.0.0.1']);
  await advance(30_000);
  assert.equal(names.report('db.test')?.state, 'found');
  assert.equal(names.report('db.test')?.failureCount, 0);
  assert.deepEqual(changes, [['10.0.0.1']]);
  assert.deepEqual(notable(), [
    'dns lookup failed, the last addresses stay',
    'dns name resolves again',
  ]);
});

test('failures are tried again after 1 s, 2 s, 4 s and so on up to 30 s', async () => {
  const { clock, lookup, watch, advance } = setUp();
  watch();
  await settle();
  const at: number[] = [];
  for (let second = 0; second < 100; second++) {
    const before = lookup.asked.length;
    await advance(1_000);
    if (lookup.asked.length > before) {
      at.push(clock.now() / 1_000);
    }
  }
  assert.deepEqual(at, [1, 3, 7, 15, 31, 61, 91]);
});

test('that a name has no address is asked twice before it is believed, and then cached', async () => {
  const { lookup, names, watch, advance, changes, notable } = setUp();
  lookup.answer = found(['10.0.0.1']);
  watch();
  await settle();
  lookup.answer = nxdomain;
  await advance(60_000);
  assert.equal(names.report('db.test')?.state, 'found');
  await advance(1_000);
  assert.equal(names.report('db.test')?.state, 'absent');
  assert.deepEqual(changes.at(-1), []);
  lookup.asked = [];
  await advance(9_999);
  assert.equal(lookup.asked.length, 0);
  await advance(1);
  assert.equal(lookup.asked.length, 1);
  assert.deepEqual(notable(), ['dns name has no address']);
});

test('one wrong answer that there is nothing changes nothing', async () => {
  const { lookup, watch, advance, changes, notable } = setUp();
  lookup.answer = found(['10.0.0.1']);
  watch();
  await settle();
  lookup.answer = nxdomain;
  await advance(60_000);
  lookup.answer = found(['10.0.0.1']);
  await advance(1_000);
  assert.equal(changes.length, 1);
  assert.deepEqual(notable(), []);
});

test('a family that fails keeps its last addresses', async () => {
  const { lookup, names, watch, advance } = setUp();
  lookup.answer = found(['10.0.0.1'], { ipv6: ['fd00::1'] });
  watch();
  await settle();
  lookup.answer = found(['10.0.0.2'], { ipv6: null });
  await advance(60_000);
  assert.deepEqual(names.report('db.test')?.addresses, ['10.0.0.2', 'fd00::1']);
});

test('one question at a time for a name, however many watch it', async () => {
  const { lookup, watch, advance } = setUp();
  lookup.answer = 'never';
  for (let i = 0; i < 10; i++) {
    watch();
  }
  await advance(3_600_000);
  assert.deepEqual(lookup.asked, ['db.test']);
});

test('a name that nobody watches is not asked for, and is forgotten after a minute', async () => {
  const { lookup, names, watch, advance, clock } = setUp();
  lookup.answer = found(['10.0.0.1'], { ttlMs: 5_000 });
  watch().stop();
  await settle();
  await advance(30_000);
  assert.equal(lookup.asked.length, 1);
  const again = watch();
  assert.deepEqual(again.addresses(), ['10.0.0.1'], 'the last addresses are there at once');
  await advance(1);
  assert.equal(lookup.asked.length, 2);
  again.stop();
  await advance(60_000);
  assert.equal(names.report('db.test'), null);
  assert.equal(clock.timerCount, 0);
});

test('other settings are asked with at once, and answers under the old ones are nobody`s', async () => {
  const { lookup, lookups, names, watch, advance } = setUp();
  lookup.answer = found(['10.0.0.1']);
  watch();
  await settle();
  names.configure(resolvedDns({}));
  assert.equal(lookups.length, 1, 'equal settings change nothing');
  names.configure(resolvedDns({ servers: ['10.0.0.53:53'] }));
  assert.ok(lookup.stopped);
  await settle();
  assert.deepEqual(lookups[1]?.asked, ['db.test']);
  assert.deepEqual(names.report('db.test')?.addresses, ['10.0.0.1']);
  await advance(1);
});

test('prepare waits for the first answers, good or bad, and not longer than its bound', async () => {
  const { lookup, names, advance } = setUp();
  await names.prepare(['a.test', 'b.test'], 2_000);
  lookup.answer = 'never';
  let prepared = false;
  const preparing = names.prepare(['c.test'], 2_000).then(() => {
    prepared = true;
  });
  await advance(1_999);
  assert.equal(prepared, false);
  await advance(1);
  await preparing;
});

test('an answer that was cut is said once', async () => {
  const { lookup, watch, advance, notable } = setUp();
  lookup.answer = found(['10.0.0.1'], { cutCount: 5 });
  watch();
  await settle();
  await advance(60_000);
  await advance(60_000);
  assert.deepEqual(notable(), ['dns answer cut']);
});

test('facts count lookups by result and watched names by state', async () => {
  const { lookup, names, watch, advance } = setUp();
  lookup.answer = found(['10.0.0.1']);
  watch('a.test');
  watch('b.test').stop();
  await settle();
  lookup.answer = servfail;
  watch('c.test');
  await settle();
  assert.deepEqual(names.facts(), {
    lookups: { found: 2, absent: 0, failed: 1 },
    names: { waiting: 0, found: 1, stale: 0, unresolved: 1, absent: 0 },
  });
  names.stop();
  await advance(3_600_000);
  assert.equal(lookup.asked.length, 3);
});
