import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeReasons } from '../../../lib/contract/close-reason.ts';
import { noId, unavailableCauses } from '../../../lib/contract/events.ts';
import type { EventOf } from '../../../lib/events/decode.ts';
import type { EventNames } from '../../../lib/events/names.ts';
import { Notices } from '../../../lib/events/notices.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const names: EventNames = {
  listenerName: (id) => `listener${id}`,
  listenerDirection: () => 'outbound',
  clusterName: (id) => `cluster${id}`,
  routeName: () => null,
  endpointAddress: () => null,
};

const base = { atUs: 0, cutFields: [] } as const;

function unavailable(endpointId: number, cause = 0): EventOf<'endpointUnavailable'> {
  return {
    ...base,
    kind: 'endpointUnavailable',
    clusterId: 1,
    endpointId,
    errno: 111,
    closeReason: closeReasons.indexOf('connect_refused'),
    backoffMs: 100,
    cause,
    address: '10.0.0.1:80',
  };
}

function available(endpointId: number, cause = 0): EventOf<'endpointAvailable'> {
  const address = '10.0.0.1:80';
  return { ...base, kind: 'endpointAvailable', clusterId: 1, endpointId, cause, address };
}

function setUp(): { log: MemoryLog; notices: Notices; advance: (ms: number) => void } {
  const log = new MemoryLog();
  let now = 0;
  const notices = new Notices({ log, names, now: () => now });
  return {
    log,
    notices,
    advance: (ms) => {
      now += ms;
    },
  };
}

test('an endpoint that goes and comes back is two lines, however many workers say so', () => {
  const { log, notices } = setUp();
  notices.endpointUnavailable(unavailable(1));
  notices.endpointUnavailable(unavailable(1));
  notices.endpointAvailable(available(1));
  notices.endpointAvailable(available(1));
  assert.deepEqual(log.messages, ['endpoint unavailable', 'endpoint available again']);
  assert.deepEqual(log.lines[0]?.fields, {
    cluster: 'cluster1',
    endpoint: '10.0.0.1:80',
    closeReason: 'connect_refused',
    errno: 'ECONNREFUSED',
    backoffMs: 100,
    cause: 'connect_failures',
  });
});

test('what connections and what health checks find out are told apart', () => {
  const { log, notices } = setUp();
  const healthCheck = unavailableCauses.indexOf('health_check');
  notices.endpointUnavailable(unavailable(1));
  notices.endpointUnavailable(unavailable(1, healthCheck));
  notices.endpointAvailable(available(1, healthCheck));
  notices.endpointUnavailable(unavailable(1, healthCheck));
  notices.endpointAvailable(available(1));
  assert.deepEqual(
    log.lines.map(({ message, fields }) => `${message}: ${fields?.['cause']}`),
    [
      'endpoint unavailable: connect_failures',
      'endpoint unavailable: health_check',
      'endpoint available again: health_check',
      'endpoint unavailable: health_check',
      'endpoint available again: connect_failures',
    ],
  );
});

test('an endpoint that was never reported missing is not reported as back', () => {
  const { log, notices } = setUp();
  notices.endpointAvailable(available(1));
  assert.deepEqual(log.lines, []);
});

test('an endpoint that left the configuration is forgotten', () => {
  const { log, notices } = setUp();
  notices.endpointUnavailable(unavailable(1));
  notices.endpointUnavailable(unavailable(2));
  notices.forget((_clusterId, endpointId) => endpointId === 2);
  notices.endpointAvailable(available(1));
  notices.endpointAvailable(available(2));
  assert.deepEqual(log.messages, [
    'endpoint unavailable',
    'endpoint unavailable',
    'endpoint available again',
  ]);
});

test('accept pauses with the first worker and resumes with the last', () => {
  const { log, notices } = setUp();
  const pause = { ...base, kind: 'acceptPaused', listenerId: 3, errno: 24 } as const;
  const resume = { ...base, kind: 'acceptResumed', listenerId: 3 } as const;
  notices.acceptPaused(pause, 0);
  notices.acceptPaused(pause, 1);
  notices.acceptResumed(resume, 0);
  assert.deepEqual(log.messages, ['accept paused']);
  assert.equal(log.lines[0]?.fields['errno'], 'EMFILE');
  notices.acceptResumed(resume, 1);
  assert.deepEqual(log.messages, ['accept paused', 'accept resumed']);
});

test('a limit is reported once while it goes on, and again after a quiet minute', () => {
  const { log, notices, advance } = setUp();
  const reached = {
    ...base,
    kind: 'limitReached',
    closeReason: closeReasons.indexOf('listener_limit'),
    listenerId: 1,
    clusterId: noId,
  } as const;
  notices.limitReached(reached);
  for (let second = 0; second < 100; second++) {
    advance(1_000);
    notices.limitReached(reached);
  }
  assert.equal(log.lines.length, 1);
  assert.equal(log.lines[0]?.fields['limit'], 'listener_limit');
  advance(60_000);
  notices.limitReached(reached);
  assert.equal(log.lines.length, 2);
});

test('a limit of a cluster names the cluster, and is another one than that of a listener', () => {
  const { log, notices } = setUp();
  const kind = 'limitReached';
  const closeReason = closeReasons.indexOf('cluster_limit');
  notices.limitReached({ ...base, kind, closeReason, listenerId: noId, clusterId: 2 });
  notices.limitReached({ ...base, kind, closeReason, listenerId: noId, clusterId: 3 });
  assert.deepEqual(
    log.lines.map(({ fields }) => fields),
    [
      { limit: 'cluster_limit', cluster: 'cluster2' },
      { limit: 'cluster_limit', cluster: 'cluster3' },
    ],
  );
});

test('a panic and its end are one line each', () => {
  const { notices, log } = setUp();
  const panic = {
    ...base,
    kind: 'clusterPanic',
    clusterId: 1,
    leftCount: 0,
    endpointCount: 2,
  } as const;
  notices.clusterPanic({ ...panic, panic: 1 }, 0);
  notices.clusterPanic({ ...panic, panic: 0, leftCount: 1 }, 0);
  assert.deepEqual(log.messages, [
    'cluster in panic: connections go to all endpoints',
    'cluster out of panic',
  ]);
});
