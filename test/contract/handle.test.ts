// The engine's handle: arguments, closed handles, two engines in one process, memory that outlives its engine.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Addon, EngineHandle } from '../../lib/contract/addon.ts';
import { directorySlotBytes, workerCells } from '../../lib/contract/metrics.ts';
import { SlabReader } from '../../lib/metrics/slab-reader.ts';
import { wrongValues } from '../support/mutated-values.ts';
import {
  addon,
  failureOf,
  forwardSnapshot,
  startEngine,
  startOptions,
} from '../support/native-engine.ts';
import { clusterSnapshot, endpointSnapshot, snapshotOf } from '../support/snapshots.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';

const echoing = await Backend.listen(echo);
after(() => echoing.close());

function calls(handle: EngineHandle): readonly (() => unknown)[] {
  return [
    () => handle.publish(snapshotOf({})),
    () => handle.drain({ deadlineMs: 1, listeners: 'close', scope: 'all' }),
    () => handle.dump({ type: 'clusters', countMax: 1 }),
    () => handle.metrics(),
  ];
}

test('a wrong start option is an error with its path', async () => {
  for (const { path, what, value } of wrongValues(startOptions)) {
    const failure = await failureOf(() => addon.start(value as never, () => undefined));
    assert.equal(failure.code, 'ERR_ENGINE', what);
    assert.equal(failure.path, path, what);
  }
  const odd = { ...startOptions, eventRingBytes: 65_536 + 8 };
  assert.equal((await failureOf(() => addon.start(odd, () => undefined))).path, 'eventRingBytes');
  const few = { ...startOptions, cellCount: 10 };
  assert.equal((await failureOf(() => addon.start(few, () => undefined))).path, 'cellCount');
  const start = addon.start as unknown as (...args: unknown[]) => unknown;
  assert.equal((await failureOf(() => start(startOptions))).path, 'sink');
  assert.equal((await failureOf(() => start())).code, 'ERR_ENGINE');
});

const everyConnection = {
  listenerIds: null,
  clusterIds: null,
  state: null,
  protocol: null,
  ageMsMin: 0,
  address: null,
} as const;

test('a wrong argument of drain and dump is an error with its path', async () => {
  const { handle } = startEngine();
  for (const { path, what, value } of wrongValues({
    deadlineMs: 1_000,
    listeners: 'close',
    scope: 'all',
  })) {
    const failure = await failureOf(() => handle.drain(value as never));
    assert.deepEqual([failure.code, failure.path], ['ERR_ENGINE', path], what);
  }
  for (const query of [
    { type: 'clusters', countMax: 10 },
    { type: 'connections', countMax: 10, ...everyConnection, ageMsMin: 5 },
  ]) {
    for (const { path, what, value } of wrongValues(query)) {
      if ((value as { address?: unknown }).address === 'text') {
        // Any text may be looked for.
        continue;
      }
      const failure = await failureOf(() => handle.dump(value as never));
      assert.deepEqual([failure.code, failure.path], ['ERR_ENGINE', path], what);
    }
  }
  for (const [path, wrong] of [
    ['listenerIds[1]', { listenerIds: [1, -1] }],
    ['clusterIds', { clusterIds: 1 }],
    ['state', { state: 'opne' }],
    ['address', { address: 5 }],
  ] as const) {
    const query = { type: 'connections', countMax: 1, ...everyConnection, ...wrong };
    assert.equal((await failureOf(() => handle.dump(query as never))).path, path);
  }
  assert.equal(
    (await failureOf(() => handle.dump({ type: 'secrets', countMax: 1 } as never))).path,
    'type',
  );
  await handle.stop();
});

test('a listener that cannot be opened is ERR_LISTEN with path and errno, and nothing changes', async () => {
  const { handle } = startEngine();
  const port = await freePort();
  await handle.publish(forwardSnapshot(port, [echoing.address]));
  const [listener] = forwardSnapshot(port, []).listeners;
  assert.ok(listener);
  const taken = { ...listener, id: 2, address: echoing.address };
  const snapshot = forwardSnapshot(port, [echoing.address], 2);
  const failure = await failureOf(() =>
    handle.publish({ ...snapshot, listeners: [listener, taken] }),
  );
  assert.equal(failure.code, 'ERR_LISTEN');
  assert.equal(failure.path, 'listeners[1].address');
  assert.equal(failure.errno, 98);
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
  assert.equal(await handle.publish(snapshot), 2, 'the revision of a refused snapshot is free');
  await handle.stop();
});

test('every call of a stopped handle fails with ERR_ENGINE_STOPPED, and stop itself does not', async () => {
  const { handle } = startEngine();
  const stopping = handle.stop();
  for (const call of calls(handle)) {
    assert.equal((await failureOf(call)).code, 'ERR_ENGINE_STOPPED', 'while it stops');
  }
  assert.equal(await stopping, undefined);
  for (const call of calls(handle)) {
    assert.equal((await failureOf(call)).code, 'ERR_ENGINE_STOPPED', 'afterwards');
  }
  assert.deepEqual(await Promise.all([handle.stop(), handle.stop()]), [undefined, undefined]);
});

test('a handle that JavaScript makes by itself is a stopped one', async () => {
  const { handle } = startEngine();
  const made = new (handle.constructor as new () => EngineHandle)();
  for (const call of calls(made)) {
    assert.equal((await failureOf(call)).code, 'ERR_ENGINE_STOPPED');
  }
  await made.stop();
  await handle.stop();
});

test('a call with another receiver is an error, not a crash', async () => {
  const { handle } = startEngine();
  await failureOf(() => handle.publish.call({} as EngineHandle, snapshotOf({})));
  await failureOf(() => handle.metrics.call(undefined as never));
  await handle.stop();
});

test('calls that wait when the engine stops are answered', async () => {
  const { handle } = startEngine();
  const port = await freePort();
  await handle.publish(forwardSnapshot(port, [echoing.address]));
  const client = await Client.connect(port);
  await client.exchange('x');
  const waiting = [
    handle.drain({ deadlineMs: 600_000, listeners: 'close', scope: 'all' }),
    handle.publish(forwardSnapshot(port, [echoing.address], 2)),
    handle.dump({ type: 'connections', countMax: 10, ...everyConnection }),
  ];
  const settled = Promise.allSettled(waiting);
  const order: string[] = [];
  void settled.then(() => order.push('calls'));
  await handle.stop().then(() => order.push('stop'));
  const [drained, publish] = await settled;
  assert.equal(drained?.status, 'fulfilled');
  if (publish?.status !== 'fulfilled') {
    assert.equal(publish?.reason.code, 'ERR_ENGINE_STOPPED');
  }
  assert.equal(order.length, 2);
  assert.equal(await client.end(), 'reset');
});

test('the last events come before stop() resolves', async () => {
  const { handle, events } = startEngine();
  const port = await freePort();
  await handle.publish(forwardSnapshot(port, [echoing.address]));
  const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(port)));
  await Promise.all(clients.map((client) => client.exchange('x')));
  await handle.stop();
  const closed = events.filter(({ kind }) => kind === 'connectionClosed');
  assert.equal(closed.length, 20);
});

test('two engines in one process do not know each other', async () => {
  const engines = [startEngine(), startEngine({ workerCount: 1 })] as const;
  const ports = [await freePort(), await freePort()] as const;
  for (const [index, { handle }] of engines.entries()) {
    await handle.publish(forwardSnapshot(ports[index] ?? 0, [echoing.address]));
  }
  const clients = [await Client.connect(ports[0]), await Client.connect(ports[1])] as const;
  for (const client of clients) {
    assert.equal(await client.exchange('x'), 'x');
  }
  assert.equal(engines[0].handle.metrics().length, 2);
  assert.equal(engines[1].handle.metrics().length, 1);
  await engines[0].handle.stop();
  assert.equal(await clients[0].end(), 'reset');
  assert.equal(await clients[1].exchange('still'), 'still');
  clients[1].socket.end();
  await until('its own event', () => engines[1].events.length === 1);
  assert.equal(engines[0].events.length, 1);
  await engines[1].handle.stop();
});

test('metric memory is the same each time and has the sizes that were asked for', async () => {
  const { handle } = startEngine();
  const memory = handle.metrics();
  assert.equal(handle.metrics(), memory);
  for (const { cells, directory } of memory) {
    assert.equal(cells.byteLength, startOptions.cellCount * 8);
    assert.equal(directory.byteLength, startOptions.runCount * directorySlotBytes);
  }
  await handle.stop();
});

/** A collection of everything that nobody refers to, and the finalizers that follow. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let count = 0; count < 5; count++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('metric memory is readable after stop, without the handle, for as long as somebody holds it', async () => {
  const counted = async () => {
    const { handle } = startEngine({ workerCount: 1 });
    const port = await freePort();
    await handle.publish(forwardSnapshot(port, [echoing.address]));
    const client = await Client.connect(port);
    await client.exchange('12345');
    client.close();
    const [memory] = handle.metrics();
    assert.ok(memory);
    await handle.stop();
    return memory;
  };
  const memory = await counted();
  await collectGarbage();
  const reader = new SlabReader(0, memory);
  assert.equal(reader.workerCell('accepted'), 1);
  assert.equal(new BigUint64Array(memory.cells)[workerCells.indexOf('connectionsNow')], 0n);
  assert.ok([...reader.runs()].some(({ kind }) => kind === 'endpointTcp'));
});

test('an engine whose handle nobody keeps runs on', async () => {
  const port = await freePort();
  const events: unknown[] = [];
  const stop = await (async () => {
    const handle = addon.start(startOptions, (_worker, records) => events.push(records));
    await handle.publish(forwardSnapshot(port, [echoing.address]));
    return new WeakRef(handle);
  })();
  await collectGarbage();
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
  await until('an event', () => events.length > 0);
  const handle = stop.deref();
  assert.ok(handle, 'a running engine holds its handle');
  await handle.stop();
});

test('a sink that throws is an uncaught exception and costs only its own batch', async () => {
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  let batches = 0;
  const handle = addon.start({ ...startOptions, workerCount: 1 }, () => {
    batches += 1;
    if (batches === 1) {
      throw new Error('from the sink');
    }
  });
  const port = await freePort();
  await handle.publish(forwardSnapshot(port, [echoing.address]));
  for (const wanted of [1, 2]) {
    const client = await Client.connect(port);
    await client.exchange('x');
    client.close();
    await until('a batch', () => batches === wanted);
  }
  await handle.stop();
  process.removeAllListeners('uncaughtException');
  for (const listener of listeners) {
    process.on('uncaughtException', listener);
  }
  assert.deepEqual(thrown.map(String), ['Error: from the sink']);
});

test('10,000 endpoints are published and served', async (context) => {
  const { handle } = startEngine();
  const port = await freePort();
  const endpoints = Array.from({ length: 10_000 }, (_, index) =>
    endpointSnapshot({
      id: index + 1,
      address: index === 0 ? echoing.address : `10.${index >> 8}.${index & 255}.1:80`,
      weight: index === 0 ? 65_535 : 1,
    }),
  );
  const snapshot = forwardSnapshot(port, []);
  const times: number[] = [];
  for (let revision = 1; revision <= 5; revision++) {
    const clusters = [
      clusterSnapshot({ revision, endpoints, balancer: { type: 'random', slowStart: null } }),
    ];
    const began = performance.now();
    assert.equal(await handle.publish({ ...snapshot, revision, clusters }), revision);
    times.push(performance.now() - began);
  }
  context.diagnostic(`published in ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  assert.ok(Math.min(...times) < 1_000);
  const { endpoints: shown, truncated } = await handle.dump({ type: 'clusters', countMax: 7 });
  assert.equal(shown.length, 7);
  assert.equal(truncated, true);
  await handle.stop();
});

test('connections can be shown while they are open', async () => {
  const { handle } = startEngine();
  const port = await freePort();
  await handle.publish(forwardSnapshot(port, [echoing.address]));
  const client = await Client.connect(port);
  await client.exchange('12345');
  const { connections, endpoints, truncated } = await handle.dump({
    type: 'connections',
    countMax: 5,
    ...everyConnection,
  });
  assert.equal(connections.length, 1);
  assert.deepEqual(endpoints, []);
  assert.equal(truncated, false);
  const { ageMs, idleMs, worker, connectionId, ...shown } = connections[0] ?? ({} as never);
  assert.ok(ageMs >= idleMs && worker >= 0 && connectionId >= 0);
  assert.deepEqual(shown, {
    listenerId: 1,
    clusterId: 1,
    endpointId: 1,
    state: 'open',
    protocol: 'opaque',
    downstreamAddress: `127.0.0.1:${(client.socket.address() as { port: number }).port}`,
    upstreamAddress: echoing.address,
    originalDst: null,
    downstreamReadBytes: 5,
    upstreamReadBytes: 5,
    bufferedBytes: 0,
    spliced: false,
    requestCount: 0,
    requestState: null,
  });
  client.close();
  await handle.stop();
});

test('what native code has freed goes back to the kernel', () => {
  assert.equal(typeof addon.trimHeap(), 'boolean');
});

test('a child that has not ended, or is none, is not waited for', () => {
  assert.equal(addon.reapChild(process.pid), false);
  assert.throws(() => addon.reapChild(0), { code: 'ERR_ENGINE' });
});

test('the probe tells what there is', () => {
  const { build, kernel, features, cpuCount, descriptorsMax } = (addon satisfies Addon).probe();
  assert.match(build, /^(g\+\+|clang) \d+\.\d+.*, C\+\+20$/);
  assert.match(kernel, /^\d+\.\d+/);
  assert.deepEqual(Object.keys(features), ['splice', 'pipeResize', 'ipv6']);
  assert.ok(Object.values(features).every((value) => typeof value === 'boolean'));
  assert.ok(cpuCount >= 1 && descriptorsMax >= 64);
});
