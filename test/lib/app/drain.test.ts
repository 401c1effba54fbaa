import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainInOrder } from '../../../lib/app/drain.ts';
import type { ResolvedDrain } from '../../../lib/config/config.ts';
import type { DrainOptions, DrainResult } from '../../../lib/contract/addon.ts';
import type { Engine } from '../../../lib/engine/engine.ts';
import { configOf, drainOf, resolvedListener } from '../../support/configs.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';

function setUp(parts: Partial<ResolvedDrain>, direction: 'inbound' | 'outbound' = 'inbound') {
  const clock = new ManualClock();
  const calls: DrainOptions[] = [];
  const finish: ((result: DrainResult) => void)[] = [];
  const engine = {
    drain: (options: DrainOptions) => {
      calls.push(options);
      return new Promise<DrainResult>((resolve) => finish.push(resolve));
    },
  } as unknown as Engine;
  const config = configOf({
    listeners: [resolvedListener({ direction })],
    drain: drainOf(10_000, parts),
  });
  const result = drainInOrder({ engine, clock, log: new MemoryLog() }, config, 10_000);
  const scopes = (): string[] => calls.map(({ scope }) => scope);
  return { clock, calls, finish, result, scopes };
}

test('outbound follows when inbound has ended, with what is left of the deadline', async () => {
  const { clock, calls, finish, result, scopes } = setUp({});
  await settle();
  assert.deepEqual(scopes(), ['inbound']);
  clock.advance(4_000.4);
  finish[0]?.({ forcedCount: 0 });
  await settle();
  assert.deepEqual(scopes(), ['inbound', 'all']);
  assert.equal(calls[1]?.deadlineMs, 6_000);
  assert.equal(clock.timerCount, 0, 'no timer is left');
  finish[1]?.({ forcedCount: 2 });
  assert.deepEqual(await result, { forcedCount: 2 });
});

test('outbound does not wait longer than it may, and inbound goes on', async () => {
  const { clock, finish, result, scopes } = setUp({ outboundOpenMaxMs: 3_000 });
  await settle();
  clock.advance(2_999);
  await settle();
  assert.deepEqual(scopes(), ['inbound']);
  clock.advance(1);
  await settle();
  assert.deepEqual(scopes(), ['inbound', 'all']);
  finish[0]?.({ forcedCount: 1 });
  finish[1]?.({ forcedCount: 1 });
  assert.deepEqual(await result, { forcedCount: 1 }, 'the drain of all counts inbound too');
});

test('outbound stays open as long as it must, also with no inbound listener', async () => {
  const { clock, finish, scopes } = setUp({ outboundOpenMinMs: 2_000 }, 'outbound');
  finish[0]?.({ forcedCount: 0 });
  clock.advance(1_999);
  await settle();
  assert.deepEqual(scopes(), ['inbound']);
  clock.advance(1);
  await settle();
  assert.deepEqual(scopes(), ['inbound', 'all']);
});

test('inbound connections that were reset before outbound followed are counted', async () => {
  const { clock, finish, result } = setUp({ outboundOpenMaxMs: 10_000 });
  await settle();
  finish[0]?.({ forcedCount: 5 });
  clock.advance(10_000);
  await settle();
  finish[1]?.({ forcedCount: 1 });
  assert.deepEqual(await result, { forcedCount: 6 });
});

for (const [what, parts, direction] of [
  ["order 'together'", { order: 'together' }, 'inbound'],
  ['listeners that are kept', { listeners: 'keep' }, 'inbound'],
  ['nothing inbound', {}, 'outbound'],
] as const) {
  test(`${what}: one drain of all`, async () => {
    const { calls, finish, result } = setUp(parts, direction);
    finish[0]?.({ forcedCount: 0 });
    await result;
    assert.deepEqual(
      calls.map(({ deadlineMs, scope }) => [deadlineMs, scope]),
      [[10_000, 'all']],
    );
  });
}
