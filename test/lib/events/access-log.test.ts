import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeReasons } from '../../../lib/contract/close-reason.ts';
import { noId } from '../../../lib/contract/events.ts';
import { AccessLog, accessLogLine } from '../../../lib/events/access-log.ts';
import type { EventOf } from '../../../lib/events/decode.ts';
import type { EventNames } from '../../../lib/events/names.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const names: EventNames = {
  listenerName: (id) => (id === 1 ? 'web' : null),
  clusterName: (id) => (id === 2 ? 'app' : null),
  endpointAddress: (clusterId, endpointId) => `${clusterId}/${endpointId}`,
};

const event: EventOf<'connectionClosed'> = {
  kind: 'connectionClosed',
  atUs: 1_700_000_001_500_000,
  cutFields: [],
  connectionId: 77,
  listenerId: 1,
  clusterId: 2,
  endpointId: 3,
  closeReason: closeReasons.indexOf('upstream_reset'),
  errno: 104,
  startedUs: 1_700_000_000_000_000,
  connectUs: 250,
  downstreamReadBytes: 10,
  upstreamReadBytes: 20,
  attemptCount: 1,
  downstreamAddress: '127.0.0.1:50000',
  upstreamAddress: '10.0.0.5:80',
};

test('ids become names, the close reason and the errno become words', () => {
  assert.deepEqual(accessLogLine(event, names), {
    connectionId: 77,
    listener: 'web',
    cluster: 'app',
    endpoint: '2/3',
    downstreamAddress: '127.0.0.1:50000',
    upstreamAddress: '10.0.0.5:80',
    closeReason: 'upstream_reset',
    errno: 'ECONNRESET',
    started: '2023-11-14T22:13:20.000Z',
    durationUs: 1_500_000,
    connectUs: 250,
    downstreamReadBytes: 10,
    upstreamReadBytes: 20,
    attemptCount: 1,
  });
});

test('a connection that never reached an endpoint says so with null', () => {
  const line = accessLogLine(
    { ...event, endpointId: noId, upstreamAddress: '', errno: 0, connectUs: 0 },
    names,
  );
  assert.equal(line.endpoint, null);
  assert.equal(line.upstreamAddress, null);
  assert.equal(line.errno, null);
  assert.equal(line.connectUs, null);
});

test('a clock that was set back gives no negative duration', () => {
  assert.equal(accessLogLine({ ...event, atUs: 0 }, names).durationUs, 0);
});

test('each connection is one line', () => {
  const log = new MemoryLog();
  new AccessLog(log, names).write(event);
  assert.equal(log.lines.length, 1);
  assert.equal(log.lines[0]?.message, 'connection closed');
  assert.equal(log.lines[0]?.fields['listener'], 'web');
});
