// `weft demo`: the first command of the README works, and tells the truth about what it did.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { until } from '../support/until.ts';
import { Weft } from '../support/weft.ts';

interface Phase {
  readonly messages: number;
  readonly visits: number;
  readonly checksums: number;
  readonly mismatches: number;
  readonly errors: number;
  readonly connections: Readonly<Record<string, number>>;
}

interface Result {
  readonly ok: boolean;
  readonly direct: Phase;
  readonly weft: Phase;
  readonly kill: { readonly backend: string; readonly backInUseMs: number | null };
  readonly losses: readonly string[];
}

let demo: Weft;

afterEach(async () => {
  demo.signal('SIGKILL');
  await demo.ended;
});

test('five seconds of it end within fifteen, with nothing lost', async () => {
  const began = performance.now();
  demo = new Weft(['demo', '--seconds', '5', '--json']);
  const ending = await demo.ended;
  const result = JSON.parse(demo.stdout) as Result;
  assert.deepEqual(result.losses, []);
  assert.deepEqual(ending, { code: 0, signal: null });
  assert.equal(result.ok, true);
  for (const phase of [result.direct, result.weft]) {
    assert.ok(phase.messages > 100 && phase.visits > 10 && phase.checksums > 1);
    assert.equal(phase.mismatches, 0);
    assert.deepEqual(Object.keys(phase.connections).sort(), ['a', 'b', 'c']);
  }
  assert.equal(result.kill.backend, 'b');
  assert.notEqual(result.kill.backInUseMs, null);
  assert.ok(performance.now() - began < 15_000);
  assert.equal(demo.stderr, '');
});

test('without --json it writes lines, a summary and no colour codes', async () => {
  demo = new Weft(['demo', '--seconds', '3', '--workers', '1']);
  assert.equal((await demo.ended).code, 0, demo.stdout);
  assert.match(demo.stdout, /through weft/);
  assert.match(demo.stdout, /^Backend b was killed/m);
  assert.match(demo.stdout, /^0 errors\.$/m);
  assert.ok(!demo.stdout.includes('\u001b'));
});

test('Ctrl-C ends it early, with a summary', async () => {
  demo = new Weft(['demo', '--seconds', '600']);
  await until('the traffic through Weft', () => demo.stdout.includes('Weft runs'));
  demo.signal('SIGINT');
  const { code } = await demo.ended;
  assert.equal(code, 0, demo.stdout);
  assert.match(demo.stdout, /messages compared/);
});
