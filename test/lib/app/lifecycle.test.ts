import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Lifecycle } from '../../../lib/app/lifecycle.ts';
import { WeftProxy } from '../../../lib/app/proxy.ts';
import type { Config } from '../../../lib/config/config.ts';
import { configOf, drainOf } from '../../support/configs.ts';
import { FakeAddon } from '../../support/fake-addon.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const config = configOf({});

function setUp(load: (() => Promise<Config>) | null = async () => config) {
  const addon = new FakeAddon();
  const log = new MemoryLog();
  const signals = new EventEmitter();
  const lifecycle = new Lifecycle({ log, signals, config, load });
  const proxy = new WeftProxy({
    addon,
    log,
    clock: new ManualClock(),
    build: {},
    onShutdown: () => lifecycle.requestStop('POST /shutdown'),
  });
  return { addon, log, signals, lifecycle, proxy };
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} drains, then stops`, async () => {
    const { addon, signals, lifecycle, proxy } = setUp();
    const ended = lifecycle.run(proxy);
    await settle();
    signals.emit(signal);
    await settle();
    assert.equal(addon.engine.drains.length, 1);
    assert.equal(addon.engine.stopCount, 0, 'open connections may finish');
    addon.engine.finishDrain();
    await ended;
    assert.equal(addon.engine.stopCount, 1);
  });
}

test('a second signal stops at once', async () => {
  const { addon, signals, lifecycle, proxy } = setUp();
  const ended = lifecycle.run(proxy);
  await settle();
  signals.emit('SIGTERM');
  await settle();
  signals.emit('SIGTERM');
  await ended;
  assert.equal(addon.engine.stopCount, 1);
});

test('a signal that comes while it starts is obeyed afterwards', async () => {
  const { addon, signals, lifecycle, proxy } = setUp();
  const ended = lifecycle.run(proxy);
  signals.emit('SIGTERM');
  await settle();
  addon.engine.finishDrain();
  await ended;
  assert.equal(addon.engine.stopCount, 1);
});

test('two signals while it starts end it without an error', async () => {
  const { addon, signals, lifecycle, proxy } = setUp();
  const start = addon.start.bind(addon);
  addon.start = (options, sink) => {
    const engine = start(options, sink);
    engine.holdPublishes = true;
    return engine;
  };
  const ended = lifecycle.run(proxy);
  await settle();
  signals.emit('SIGINT');
  signals.emit('SIGINT');
  addon.engine.acknowledge();
  await ended;
  assert.equal(addon.engine.stopCount, 1);
});

test('SIGHUP reloads', async () => {
  const next = configOf({ drain: drainOf(9) });
  const { addon, signals, lifecycle, proxy } = setUp(async () => next);
  const ended = lifecycle.run(proxy);
  await settle();
  signals.emit('SIGHUP');
  await settle();
  assert.equal(addon.engine.lastPublished.drainTimeoutMs, 9);
  lifecycle.requestStop('test');
  lifecycle.requestStop('test');
  await ended;
});

test('SIGHUP without a file says that there is nothing to reload', async () => {
  const { addon, log, signals, lifecycle, proxy } = setUp(null);
  const ended = lifecycle.run(proxy);
  await settle();
  signals.emit('SIGHUP');
  await settle();
  assert.equal(addon.engine.published.length, 1);
  assert.match(log.messages.join('\n'), /nothing to reload/);
  lifecycle.requestStop('test');
  lifecycle.requestStop('test');
  await ended;
});

test('an unexpected error is logged and ends nothing', async () => {
  const { addon, log, signals, lifecycle, proxy } = setUp();
  const ended = lifecycle.run(proxy);
  await settle();
  signals.emit('uncaughtException', new Error('a bug'));
  signals.emit('unhandledRejection', 'another');
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 2);
  assert.equal(addon.engine.stopCount, 0);
  lifecycle.requestStop('test');
  lifecycle.requestStop('test');
  await ended;
});

test('a start that fails rejects and leaves no handler behind', async () => {
  const { addon, signals, lifecycle, proxy } = setUp();
  addon.start = () => {
    throw new Error('no threads');
  };
  await assert.rejects(lifecycle.run(proxy), /no threads/);
  assert.deepEqual(signals.eventNames(), []);
});
