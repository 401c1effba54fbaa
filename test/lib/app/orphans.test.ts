import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { reapOrphans } from '../../../lib/app/orphans.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function setUp() {
  const signals = new EventEmitter();
  const clock = new ManualClock();
  const reaped: number[] = [];
  let ended: number[] = [];
  const stop = reapOrphans({
    signals,
    clock,
    reap: (pid) => {
      reaped.push(pid);
      ended = ended.filter((other) => other !== pid);
    },
    ended: () => ended,
  });
  return {
    signals,
    clock,
    reaped,
    stop,
    end: (...pids: number[]) => ended.push(...pids),
    forget: () => {
      ended = [];
    },
  };
}

test('an orphan that nobody waited for is waited for at its second sight', () => {
  const { signals, clock, reaped, end } = setUp();
  end(7);
  signals.emit('SIGCHLD');
  clock.advance(1_000);
  assert.deepEqual(reaped, [], 'Node may know it');
  clock.advance(1_000);
  assert.deepEqual(reaped, [7]);
});

test('a child that Node waits for itself is left to it', () => {
  const { signals, clock, reaped, end, forget } = setUp();
  end(7);
  signals.emit('SIGCHLD');
  clock.advance(1_000);
  forget();
  clock.advance(5_000);
  assert.deepEqual(reaped, []);
});

test('many signals are one look, and none after it was stopped', () => {
  const { signals, clock, reaped, stop, end } = setUp();
  end(7, 8);
  for (let i = 0; i < 100; i += 1) signals.emit('SIGCHLD');
  clock.advance(2_000);
  assert.deepEqual(reaped, [7, 8]);
  end(9);
  signals.emit('SIGCHLD');
  stop();
  clock.advance(5_000);
  assert.deepEqual(reaped, [7, 8]);
  assert.deepEqual(signals.eventNames(), []);
});
