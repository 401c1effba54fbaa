import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../../lib/base/errors.ts';
import { Engine } from '../../../lib/engine/engine.ts';
import { FakeAddon } from '../../support/fake-addon.ts';
import { listenerSnapshot, snapshotOf } from '../../support/snapshots.ts';

const options = { workerCount: 1, eventRingBytes: 4096, cellCount: 256, runCount: 8 };

function start(lines: string[] | null = null): { addon: FakeAddon; engine: Engine } {
  const addon = new FakeAddon();
  const trace = lines === null ? null : (line: string) => lines.push(line);
  const engine = Engine.start(addon, options, () => undefined, trace);
  return { addon, engine };
}

function nativeError(code: string, path: string, errno: number): Error {
  return Object.assign(new Error('bind failed'), { code, path, errno });
}

async function rejection(call: Promise<unknown>): Promise<EngineError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EngineError, String(error));
  return error;
}

test('a snapshot goes down and its revision comes back', async () => {
  const { addon, engine } = start();
  const snapshot = snapshotOf({ revision: 3 });
  assert.equal(await engine.publish(snapshot), 3);
  assert.deepEqual(addon.engine.published, [snapshot]);
});

for (const [errno, address, expected] of [
  [98, '127.0.0.1:80', /EADDRINUSE.*ss -ltnp sport = :80/],
  [98, 'unix:/run/a.sock', /EADDRINUSE.*another path/],
  [13, '127.0.0.1:80', /EACCES.*CAP_NET_BIND_SERVICE/],
  [13, 'unix:/sys/a.sock', /EACCES.*folder/],
  [99, '192.0.2.1:80', /EADDRNOTAVAIL.*ip address/],
  [2, 'unix:/missing/a.sock', /folder does not exist \(ENOENT\)/],
  [24, '127.0.0.1:80', /EMFILE.*ulimit/],
] as const) {
  test(`errno ${errno} of ${address} becomes a sentence that says what to do`, async () => {
    const { addon, engine } = start();
    addon.engine.nextPublishError = nativeError('ERR_LISTEN', 'listeners[1].address', errno);
    const listeners = [listenerSnapshot({ id: 1 }), listenerSnapshot({ id: 2, address })];
    const error = await rejection(engine.publish(snapshotOf({ listeners })));
    assert.equal(error.code, 'ERR_LISTEN');
    assert.equal(error.errno, errno);
    assert.equal(error.path, 'listeners[1].address');
    assert.ok(error.message.startsWith(`listeners[1].address: cannot listen on ${address}: `));
    assert.match(error.message, expected);
    assert.equal(error.message.split('\n').length, 1);
  });
}

test('an error with a code that nobody knows is an engine error with its text', async () => {
  const { addon, engine } = start();
  addon.engine.nextPublishError = new TypeError('expected a number');
  const error = await rejection(engine.publish(snapshotOf({})));
  assert.equal(error.code, 'ERR_ENGINE');
  assert.equal(error.message, 'expected a number');
  assert.ok(error.cause instanceof TypeError);
});

test('a snapshot of the wrong shape says which field', async () => {
  const { addon, engine } = start();
  addon.engine.nextPublishError = nativeError('ERR_SNAPSHOT_INVALID', 'clusters[0].id', 0);
  const error = await rejection(engine.publish(snapshotOf({})));
  assert.equal(error.code, 'ERR_SNAPSHOT_INVALID');
  assert.equal(error.path, 'clusters[0].id');
});

test('an addon that refuses to start throws a typed error', () => {
  const addon = new FakeAddon();
  addon.start = () => {
    throw nativeError('ERR_ENGINE', 'workerCount', 0);
  };
  assert.throws(
    () => Engine.start(addon, options, () => undefined),
    (error) => error instanceof EngineError && error.path === 'workerCount',
  );
});

test('stop is done once, and nothing crosses after it', async () => {
  const { addon, engine } = start();
  await Promise.all([engine.stop(), engine.stop()]);
  assert.equal(addon.engine.stopCount, 1);
  assert.equal((await rejection(engine.publish(snapshotOf({})))).code, 'ERR_ENGINE_STOPPED');
  const dump = engine.dump({ type: 'clusters', countMax: 1 });
  assert.equal((await rejection(dump)).code, 'ERR_ENGINE_STOPPED');
  assert.throws(() => engine.metrics(), EngineError);
});

test('the trace has a line for each crossing and for its end', async () => {
  const lines: string[] = [];
  const { addon, engine } = start(lines);
  await engine.publish(snapshotOf({ revision: 2 }));
  addon.engine.emit(0, { kind: 'acceptResumed' });
  addon.engine.nextPublishError = nativeError('ERR_LISTEN', 'listeners[0].address', 98);
  await rejection(engine.publish(snapshotOf({ revision: 3 })));
  await engine.stop();
  const words = lines.map((line) => line.split(' ').slice(0, 2).join(' '));
  assert.deepEqual(words, [
    `start ${JSON.stringify(options)}`,
    'publish revision=2',
    'publish done',
    'events worker=0',
    'publish revision=3',
    'publish failed',
    'stop',
    'stop done',
  ]);
});
