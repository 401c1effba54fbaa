import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProxyError } from '../../../lib/base/errors.ts';
import { accessLogFields, requestLogFields } from '../../../lib/contract/access-log.ts';
import { closeReasons } from '../../../lib/contract/close-reason.ts';
import { noId } from '../../../lib/contract/events.ts';
import {
  AccessLog,
  type AccessLogSettings,
  accessLogLine,
  isSampled,
  requestLogLine,
} from '../../../lib/events/access-log.ts';
import type { EventOf } from '../../../lib/events/decode.ts';
import type { EventNames } from '../../../lib/events/names.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { tempFolder } from '../../support/weft.ts';

const names: EventNames = {
  listenerName: (id) => (id === 1 ? 'web' : null),
  listenerDirection: (id) => (id === 1 ? 'inbound' : null),
  clusterName: (id) => (id === 2 ? 'app' : null),
  routeName: (id) => (id === 4 ? 'shop/beta' : null),
  endpointAddress: (clusterId, endpointId) => `${clusterId}/${endpointId}`,
};

const jsonLines: AccessLogSettings = {
  path: null,
  template: null,
  requestTemplate: null,
  lines: 'all',
  sample: 1,
};

const request: EventOf<'requestEnded'> = {
  kind: 'requestEnded',
  atUs: 1_700_000_001_500_000,
  cutFields: [],
  connectionId: 77,
  listenerId: 1,
  clusterId: 2,
  endpointId: 3,
  routeId: 4,
  status: 200,
  closeReason: closeReasons.indexOf('finished'),
  durationUs: 1_500_000,
  requestBytes: 10,
  responseBytes: 20,
  attemptCount: 1,
  retryCount: 2,
  method: 'GET',
  host: 'a.com',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  requestId: '',
  userAgent: 'curl/8',
  downstreamAddress: '127.0.0.1:50000',
  upstreamAddress: '10.0.0.5:80',
  path: '/cart?a=b',
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
  protocol: 2,
  downstreamAddress: '127.0.0.1:50000',
  upstreamAddress: '10.0.0.5:80',
  originalDst: '10.96.0.1:80',
};

test('ids become names, the close reason and the errno become words', () => {
  assert.deepEqual(accessLogLine(event, names), {
    connectionId: 77,
    listener: 'web',
    direction: 'inbound',
    cluster: 'app',
    endpoint: '2/3',
    downstreamAddress: '127.0.0.1:50000',
    upstreamAddress: '10.0.0.5:80',
    originalDst: '10.96.0.1:80',
    closeReason: 'upstream_reset',
    errno: 'ECONNRESET',
    started: '2023-11-14T22:13:20.000Z',
    ended: '2023-11-14T22:13:21.500Z',
    durationUs: 1_500_000,
    connectUs: 250,
    downstreamReadBytes: 10,
    upstreamReadBytes: 20,
    attemptCount: 1,
    protocol: 'http1',
  });
});

test('a request has a line of its own', () => {
  assert.deepEqual(requestLogLine(request, names), {
    connectionId: 77,
    listener: 'web',
    direction: 'inbound',
    route: 'shop/beta',
    cluster: 'app',
    endpoint: '2/3',
    downstreamAddress: '127.0.0.1:50000',
    upstreamAddress: '10.0.0.5:80',
    method: 'GET',
    host: 'a.com',
    path: '/cart?a=b',
    status: 200,
    closeReason: 'finished',
    started: '2023-11-14T22:13:20.000Z',
    durationUs: 1_500_000,
    requestBytes: 10,
    responseBytes: 20,
    connectCount: 1,
    retryCount: 2,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    requestId: null,
    userAgent: 'curl/8',
  });
  const line = requestLogLine(
    { ...request, endpointId: noId, clusterId: noId, routeId: noId, status: 0, path: '' },
    names,
  );
  assert.deepEqual(
    [line.endpoint, line.cluster, line.route, line.status, line.path],
    [null, null, null, null, null],
  );
});

test('the fields of requests are those of the contract, and templates have them', async () => {
  assert.deepEqual(Object.keys(requestLogLine(request, names)), [...requestLogFields]);
  const { log, accessLog } = setUp();
  const requestTemplate = '{method} {path} {status}';
  await accessLog.adopt(accessLog.open({ ...jsonLines, requestTemplate }));
  accessLog.writeRequest(request);
  assert.equal(log.lines.at(-1)?.message, 'GET /cart?a=b 200');
});

test('either kind of line can be left out', async () => {
  for (const [lines, expected] of [
    ['all', 2],
    ['connections', 1],
    ['requests', 1],
  ] as const) {
    const { log, accessLog } = setUp();
    await accessLog.adopt(accessLog.open({ ...jsonLines, lines }));
    accessLog.write(event);
    accessLog.writeRequest(request);
    assert.equal(log.lines.length, expected, lines);
  }
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

test('a protocol that never became known is null', () => {
  assert.equal(accessLogLine({ ...event, protocol: 0 }, names).protocol, null);
});

test('a clock that was set back gives no negative duration', () => {
  assert.equal(accessLogLine({ ...event, atUs: 0 }, names).durationUs, 0);
});

function setUp() {
  const log = new MemoryLog();
  const clock = new ManualClock();
  return { log, clock, accessLog: new AccessLog({ lines: log, log, names, clock }) };
}

test('each connection is one line, of JSON or of the user`s own', async () => {
  const { log, accessLog } = setUp();
  accessLog.write(event);
  assert.equal(log.lines.length, 1);
  assert.equal(log.lines[0]?.message, 'connection closed');
  assert.equal(log.lines[0]?.fields['listener'], 'web');
  const template = '{downstreamAddress} {listener} {closeReason} {{{durationUs}}}';
  await accessLog.adopt(accessLog.open({ ...jsonLines, template }));
  accessLog.write(event);
  assert.equal(log.lines[1]?.message, '127.0.0.1:50000 web upstream_reset {1500000}');
});

test('a line has every field of the list, in its order', () => {
  assert.deepEqual(Object.keys(accessLogLine(event, names)), accessLogFields);
});

test('a sample is a share of the connections, the same each time', () => {
  for (const share of [0, 0.01, 0.25, 0.5, 0.9, 1]) {
    for (const [first, step] of [
      [1, 1],
      [2 ** 48, 2],
      [7 * 2 ** 40, 1000],
    ] as const) {
      const ids = Array.from({ length: 20_000 }, (_, i) => first + i * step);
      const chosen = ids.filter((id) => isSampled(id, share));
      assert.ok(Math.abs(chosen.length / ids.length - share) < 0.015, `${share} ${chosen.length}`);
      assert.deepEqual(
        chosen,
        ids.filter((id) => isSampled(id, share)),
      );
    }
  }
});

test('what was chosen with a small share is chosen with a larger one, too', () => {
  for (let id = 0; id < 1_000; id++) {
    assert.ok(!isSampled(id, 0.1) || isSampled(id, 0.2));
  }
});

test('lines are counted by what became of them', async () => {
  const { log, accessLog } = setUp();
  await accessLog.adopt(accessLog.open({ ...jsonLines, sample: 0.5 }));
  for (let connectionId = 0; connectionId < 1_000; connectionId++) {
    accessLog.write({ ...event, connectionId });
  }
  const { written, sampledOut, dropped } = accessLog.counts;
  assert.equal(written, log.lines.length);
  assert.equal(written + sampledOut, 1_000);
  assert.equal(dropped, 0);
});

test('a file that cannot be opened is an error that says what to do, and changes nothing', () => {
  const { log, accessLog } = setUp();
  const path = join(tempFolder(), 'absent', 'access.log');
  assert.throws(
    () => accessLog.open({ ...jsonLines, path }),
    (error) => error instanceof ProxyError && error.code === 'ERR_ACCESS_LOG',
  );
  accessLog.write(event);
  assert.equal(log.lines.length, 1);
});

test('another file takes over without losing what waits; the same file is shared', async () => {
  const { accessLog } = setUp();
  const folder = tempFolder();
  const settings = (name: string) => ({ ...jsonLines, path: join(folder, name) });
  await accessLog.adopt(accessLog.open(settings('one')));
  accessLog.write(event);
  const again = accessLog.open({ ...settings('one'), template: '{endpoint}' });
  await accessLog.adopt(again);
  accessLog.write(event);
  await accessLog.adopt(accessLog.open(settings('two')));
  accessLog.write(event);
  await accessLog.close();
  const lines = (name: string) => readFileSync(join(folder, name), 'utf8').trim().split('\n');
  assert.equal(lines('one').length, 2);
  assert.equal(lines('one')[1], '2/3');
  assert.equal(lines('two').length, 1);
  assert.equal(accessLog.counts.written, 3);
});
