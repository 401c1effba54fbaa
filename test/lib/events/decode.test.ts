import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventNumbers } from '../../../lib/contract/events.ts';
import { decodeEvents } from '../../../lib/events/decode.ts';
import { encodeEvent } from '../../support/event-encoder.ts';

const closed = encodeEvent({
  kind: 'connectionClosed',
  wallUs: 1_700_000_000_000_123,
  values: {
    connectionId: 0x1_0000_0007,
    listenerId: 1,
    clusterId: 2,
    endpointId: 3,
    closeReason: 6,
    errno: 110,
    startedUs: 1_699_999_999_000_000,
    connectUs: 321,
    downstreamReadBytes: 5_000_000_000,
    upstreamReadBytes: 9,
    attemptCount: 2,
    protocol: 5,
    downstreamAddress: '[::1]:5',
    upstreamAddress: '10.0.0.5:80',
    originalDst: '',
  },
  cut: ['upstreamAddress'],
});

const resumed = encodeEvent({ kind: 'acceptResumed', values: { listenerId: 4 } });

function join(...records: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(records));
}

test('numbers and byte fields have their names', () => {
  const [event] = decodeEvents(closed);
  assert.deepEqual(event, {
    kind: 'connectionClosed',
    atUs: 1_700_000_000_000_123,
    connectionId: 0x1_0000_0007,
    listenerId: 1,
    clusterId: 2,
    endpointId: 3,
    closeReason: 6,
    errno: 110,
    startedUs: 1_699_999_999_000_000,
    connectUs: 321,
    downstreamReadBytes: 5_000_000_000,
    upstreamReadBytes: 9,
    attemptCount: 2,
    protocol: 5,
    downstreamAddress: '[::1]:5',
    upstreamAddress: '10.0.0.5:80',
    originalDst: '',
    cutFields: ['upstreamAddress'],
  });
});

test('records follow each other, wherever the batch lies in its buffer', () => {
  const padded = join(new Uint8Array(3), resumed, closed, resumed);
  const kinds = [...decodeEvents(padded.subarray(3))].map((event) => event.kind);
  assert.deepEqual(kinds, ['acceptResumed', 'connectionClosed', 'acceptResumed']);
});

test('a kind of a newer addon is skipped', () => {
  const unknown = Uint8Array.from(resumed);
  unknown[2] = 200;
  const events = [...decodeEvents(join(unknown, resumed))];
  assert.deepEqual(
    events.map((event) => event.kind),
    ['acceptResumed'],
  );
});

test('every cut of a batch in the middle of a record is an error, never a wrong event', () => {
  for (let length = 1; length < closed.length; length++) {
    assert.throws(() => [...decodeEvents(closed.subarray(0, length))], RangeError, `at ${length}`);
  }
});

test('lengths that lead out of the record are errors', () => {
  for (const [at, value] of [
    [0, 8],
    [0, 17],
    [3, 255],
  ] as const) {
    const wrong = Uint8Array.from(closed);
    wrong[at] = value;
    assert.throws(() => [...decodeEvents(wrong)], RangeError, `byte ${at}`);
  }
  const long = Buffer.from(closed);
  long.writeUInt16LE(60_000, 16 + eventNumbers.connectionClosed.length * 8);
  assert.throws(() => [...decodeEvents(long)], RangeError);
});
