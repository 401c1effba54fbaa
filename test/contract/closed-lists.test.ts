// The closed lists have the same words in the same order on both sides, and what native code writes has as many
// numbers, fields and cells as the lists say.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeReasons } from '../../lib/contract/close-reason.ts';
import {
  type EventKind,
  eventFields,
  eventKinds,
  eventNumbers,
  protocols,
  unavailableCauses,
} from '../../lib/contract/events.ts';
import { runCells, runKinds, workerCells } from '../../lib/contract/metrics.ts';
import type { BalancerSnapshot, Direction } from '../../lib/contract/snapshot.ts';
import { SlabReader } from '../../lib/metrics/slab-reader.ts';
import { addon, forwardSnapshot, startOptions } from '../support/native-engine.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';

const lists = addon.closedLists();
// Records, so that the compiler refuses a word that is missing or too many.
const directions: Record<Direction, 0> = { inbound: 0, outbound: 0 };
const balancers: Record<BalancerSnapshot['type'], 0> = {
  p2cEwma: 0,
  roundRobin: 0,
  leastConnections: 0,
  random: 0,
  ringHash: 0,
  maglev: 0,
};

const records: Uint8Array[] = [];
const handle = addon.start(startOptions, (_worker, bytes) => records.push(bytes));
const echoing = await Backend.listen(echo);

after(async () => {
  await handle.stop();
  await echoing.close();
});

test('close reasons, event kinds, worker cells and run kinds are equal', () => {
  assert.deepEqual(lists.closeReasons, closeReasons);
  assert.deepEqual(lists.eventKinds, eventKinds);
  assert.deepEqual(lists.workerCells, workerCells);
  assert.deepEqual(lists.runKinds, runKinds);
  assert.deepEqual(lists.unavailableCauses, unavailableCauses);
});

test('directions, protocols and balancers are equal', () => {
  assert.deepEqual(lists.protocols, protocols);
  assert.deepEqual(lists.directions, Object.keys(directions));
  assert.deepEqual(lists.balancers, Object.keys(balancers));
});

test('each kind of run has as many cells as its list has names', () => {
  const [memory] = handle.metrics();
  assert.ok(memory);
  const overflow = [...new SlabReader(0, memory).runs()].filter(({ kind }) => kind === 'overflow');
  const expected = runKinds.map((kind) => {
    const names: readonly string[] = runCells[kind];
    // `closes` and `replies` of a listener are one cell for each close reason.
    return kind === 'listenerTcp' ? names.length - 2 + 2 * closeReasons.length : names.length;
  });
  assert.deepEqual(
    overflow.map(({ cellCount }) => cellCount),
    expected,
  );
});

/** Kind, count of numbers and count of fields of every record so far. */
function shapes(): readonly { kind: EventKind; numbers: number; fields: number }[] {
  return records.flatMap((batch) => {
    const found = [];
    for (
      let offset = 0;
      offset < batch.length;
      offset += (batch[offset] ?? 0) + (batch[offset + 1] ?? 0) * 256
    ) {
      const [kind = -1, numbers = -1, fields = -1] = batch.subarray(offset + 2, offset + 5);
      found.push({ kind: eventKinds[kind] as EventKind, numbers, fields });
    }
    return found;
  });
}

test('records have as many numbers and fields as their lists have names', async () => {
  const port = await freePort();
  const snapshot = forwardSnapshot(port, [echoing.address, `127.0.0.1:${await freePort()}`]);
  const [listener] = snapshot.listeners;
  assert.ok(listener);
  await handle.publish({ ...snapshot, listeners: [{ ...listener, connectionsMax: 1 }] });
  const seen = new Set<EventKind>();
  const look = (): void => {
    for (const { kind, numbers, fields } of shapes()) {
      seen.add(kind);
      assert.equal(numbers, eventNumbers[kind].length, kind);
      assert.equal(fields, eventFields[kind].length, kind);
    }
  };
  await until('a closed connection, a dead endpoint and a reached limit', async () => {
    // One more than the listener takes: one of the two is reset.
    const connections = [Client.connect(port), Client.connect(port)];
    for (const connection of await Promise.allSettled(connections)) {
      if (connection.status === 'fulfilled') {
        await connection.value.exchange('x').catch(() => undefined);
        connection.value.close();
      }
    }
    look();
    return ['connectionClosed', 'endpointUnavailable', 'limitReached'].every((kind) =>
      seen.has(kind as EventKind),
    );
  });
  const speaking = { ...listener, protocol: 'http1' as const };
  await handle.publish({ ...snapshot, revision: snapshot.revision + 1, listeners: [speaking] });
  const client = await Client.connect(port);
  client.socket.write('no request\r\n\r\n');
  await client.readAll();
  await until('the end of a request', () => {
    look();
    return seen.has('requestEnded');
  });
});
