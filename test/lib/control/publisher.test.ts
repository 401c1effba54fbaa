import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '../../../lib/contract/snapshot.ts';
import { Publisher } from '../../../lib/control/publisher.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { snapshotOf } from '../../support/snapshots.ts';

interface Call {
  readonly snapshot: Snapshot;
  resolve(): void;
  reject(error: Error): void;
}

function setUp() {
  const clock = new ManualClock();
  const calls: Call[] = [];
  const applied: number[] = [];
  const errors: unknown[] = [];
  const compiled: string[] = [];
  const state = { value: 'first' };
  const publisher = new Publisher({
    clock,
    compile: (revision) => {
      compiled.push(state.value);
      return snapshotOf({ revision });
    },
    publish: (snapshot) =>
      new Promise((resolve, reject) => {
        calls.push({ snapshot, resolve: () => resolve(snapshot.revision), reject });
      }),
    onApplied: ({ revision }) => applied.push(revision),
    onError: (error) => errors.push(error),
    delayMs: 10,
    delayMaxMs: 50,
  });
  return { clock, calls, applied, errors, compiled, state, publisher };
}

test('a burst of changes is one publish, after the delay', async () => {
  const { clock, calls, publisher } = setUp();
  publisher.schedule();
  clock.advance(9);
  publisher.schedule();
  clock.advance(9);
  await settle();
  assert.equal(calls.length, 0);
  clock.advance(1);
  await settle();
  assert.equal(calls.length, 1);
});

test('changes that do not stop are published at the upper bound', async () => {
  const { clock, calls, publisher } = setUp();
  for (let ms = 0; ms < 50; ms += 5) {
    publisher.schedule();
    clock.advance(5);
  }
  await settle();
  assert.equal(calls.length, 1);
});

test('one publish at a time: what changes meanwhile is one more, compiled when it starts', async () => {
  const { clock, calls, compiled, state, publisher } = setUp();
  publisher.schedule();
  clock.advance(10);
  await settle();
  for (const value of ['second', 'third']) {
    state.value = value;
    publisher.schedule();
    clock.advance(10);
    await settle();
  }
  assert.equal(calls.length, 1);
  calls[0]?.resolve();
  await settle();
  assert.equal(calls.length, 2);
  assert.deepEqual(compiled, ['first', 'third']);
  calls[1]?.resolve();
  await settle();
  assert.equal(calls.length, 2);
  assert.equal(publisher.appliedRevision, 2);
});

test('desired runs ahead of applied until the acknowledgement', async () => {
  const { calls, applied, publisher } = setUp();
  const done = publisher.commit(assert.fail);
  await settle();
  assert.equal(publisher.desiredRevision, 1);
  assert.equal(publisher.appliedRevision, 0);
  calls[0]?.resolve();
  assert.equal(await done, 1);
  assert.equal(publisher.appliedRevision, 1);
  assert.deepEqual(applied, [1]);
});

test('a refused commit is taken back before anything else is compiled', async () => {
  const { clock, calls, compiled, state, publisher } = setUp();
  state.value = 'bad';
  const done = publisher.commit(() => {
    state.value = 'first';
  });
  await settle();
  publisher.schedule();
  clock.advance(10);
  await settle();
  calls[0]?.reject(new Error('refused'));
  await assert.rejects(done, /refused/);
  await settle();
  assert.deepEqual(compiled, ['bad', 'first']);
  assert.equal(calls[1]?.snapshot.revision, 2, 'a revision is not used twice');
});

test('after a refused commit nothing new is desired', async () => {
  const { calls, publisher } = setUp();
  const done = publisher.commit(() => undefined);
  await settle();
  calls[0]?.reject(new Error('refused'));
  await assert.rejects(done);
  assert.equal(publisher.desiredRevision, 0);
  assert.equal(publisher.appliedRevision, 0);
});

test('a refused background publish is reported and the next change is tried', async () => {
  const { clock, calls, errors, publisher } = setUp();
  publisher.schedule();
  clock.advance(10);
  await settle();
  calls[0]?.reject(new Error('refused'));
  await settle();
  assert.equal(errors.length, 1);
  assert.equal(publisher.desiredRevision, 1);
  publisher.schedule();
  clock.advance(10);
  await settle();
  calls[1]?.resolve();
  await settle();
  assert.equal(publisher.appliedRevision, 2);
});

test('a commit takes along what was scheduled', async () => {
  const { clock, calls, publisher } = setUp();
  publisher.schedule();
  void publisher.commit(assert.fail);
  clock.advance(100);
  await settle();
  calls[0]?.resolve();
  await settle();
  assert.equal(calls.length, 1);
  assert.equal(clock.timerCount, 0);
});

test('after stop nothing is published', async () => {
  const { clock, calls, publisher } = setUp();
  publisher.schedule();
  publisher.stop();
  publisher.schedule();
  clock.advance(100);
  await publisher.commit(assert.fail);
  assert.equal(calls.length, 0);
});
