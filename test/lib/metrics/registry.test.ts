import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectCells, tcpCells } from '../../../lib/metrics/cells.ts';
import { type LabelSource, labelText } from '../../../lib/metrics/labels.ts';
import { Registry } from '../../../lib/metrics/registry.ts';
import type { SeriesGroup } from '../../../lib/metrics/series.ts';
import { FakeLabels } from '../../support/fake-labels.ts';
import { FakeWorker } from '../../support/fake-worker.ts';

const idleMs = 600_000;

interface Bench {
  readonly workers: readonly FakeWorker[];
  readonly labels: FakeLabels;
  readonly registry: Registry;
  advance(ms: number): void;
}

function bench(): Bench {
  const workers = [0, 1].map(() => new FakeWorker({ cellCount: 1024, runCount: 32 }));
  const labels = FakeLabels.of();
  let now = 0;
  const registry = new Registry({
    memory: workers.map((worker) => worker.memory),
    labels: labels satisfies LabelSource,
    idleMs: () => idleMs,
    now: () => now,
  });
  return {
    workers,
    labels,
    registry,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** Value of a cell by a part of the label text; null when no series has it, an error when two have. */
function shown(group: SeriesGroup, part: string, cell: number): number | null {
  const found = [...group.all()].filter((series) => series.labels.includes(part));
  assert.ok(found.length <= 1, `${found.length} series with ${part}`);
  return found[0] === undefined ? null : group.value(found[0], cell);
}

function worker(at: Bench, index: number): FakeWorker {
  const found = at.workers[index];
  assert.ok(found);
  return found;
}

const web = 'srv_name="web"';
const endpoint1 = 'target_addr="10.0.0.1:80"';

test('runs of several workers with the same labels are one series', () => {
  const at = bench();
  worker(at, 0).take('listenerTcp', [1, 1]).set('readBytes', 10);
  worker(at, 1).take('listenerTcp', [1, 1]).set('readBytes', 32);
  at.registry.refresh();
  assert.equal(shown(at.registry.tcp, web, tcpCells.readBytes), 42);
});

test('a listener has the source labels of linkerd2-proxy, an endpoint the destination ones', () => {
  const at = bench();
  worker(at, 0).take('listenerTcp', [2, 0]);
  worker(at, 0).take('endpointTcp', [1, 7, 2]);
  at.registry.refresh();
  assert.deepEqual(
    [...at.registry.tcp.all()].map((series) => series.labels),
    [
      labelText({
        direction: 'inbound',
        peer: 'src',
        target_addr: '[::]:4143',
        target_ip: '::',
        target_port: '4143',
        tls: 'no_identity',
        no_tls_reason: 'port_skipped',
        srv_group: '',
        srv_kind: 'default',
        srv_name: 'in',
        srv_port: '4143',
      }),
      labelText({
        direction: 'outbound',
        peer: 'dst',
        target_addr: '[fd00::2]:80',
        target_ip: 'fd00::2',
        target_port: '80',
        tls: 'no_identity',
        no_tls_reason: 'not_provided_by_service_discovery',
        dst_cluster: 'app',
      }),
    ],
  );
});

test('closes are counted by the symbolic name of the errno, empty for none', () => {
  const at = bench();
  worker(at, 0).take('closeErrno', [0, 1, 1, 0, 0]).set('closes', 5);
  worker(at, 0).take('closeErrno', [1, 1, 7, 1, 104]).set('closes', 2);
  at.registry.refresh();
  assert.equal(shown(at.registry.closeErrno, 'errno=""', 0), 5);
  assert.equal(shown(at.registry.closeErrno, 'errno="ECONNRESET"', 0), 2);
  assert.match([...at.registry.closeErrno.all()][1]?.labels ?? '', /peer="dst",target_addr="10/);
});

test('an endpoint that is configured keeps its series however long it is idle', () => {
  const at = bench();
  worker(at, 0).take('endpointTcp', [1, 7, 1]).set('opens', 1);
  at.registry.refresh();
  at.advance(idleMs * 10);
  assert.equal(at.registry.expire(), false);
  assert.equal(shown(at.registry.tcp, endpoint1, tcpCells.opens), 1);
  assert.deepEqual(at.registry.releasedRuns(), []);
});

test('an endpoint that left expires after the idle time, and its run is given back', () => {
  const at = bench();
  const run = worker(at, 1).take('endpointTcp', [1, 7, 1]);
  at.registry.refresh();
  at.labels.endpoints.set(1, { cluster: 'app', address: '10.0.0.1:80', configured: false });
  at.advance(idleMs - 1);
  assert.equal(at.registry.expire(), false);
  run.add('readBytes', 1);
  at.registry.refresh();
  at.advance(idleMs - 1);
  assert.equal(at.registry.expire(), false, 'it counted in between');
  at.advance(1);
  assert.equal(at.registry.expire(), true);
  assert.equal(shown(at.registry.tcp, endpoint1, tcpCells.opens), null);
  const released = [{ worker: 1, run: run.slot, generation: run.generation }];
  assert.deepEqual(at.registry.releasedRuns(), released);
  assert.equal(at.registry.expire(), false, 'it is found once');
});

test('an endpoint that left does not expire while a connection to it is open', () => {
  const at = bench();
  const run = worker(at, 0).take('endpointTcp', [1, 7, 1]);
  run.set('openNow', 1);
  at.registry.refresh();
  at.labels.endpoints.clear();
  at.advance(idleMs);
  assert.equal(at.registry.expire(), false);
  run.set('openNow', 0);
  at.registry.refresh();
  at.advance(idleMs);
  assert.equal(at.registry.expire(), true);
});

test('a slot with a new owner starts at what the new owner counted', () => {
  const at = bench();
  const run = worker(at, 0).take('endpointTcp', [1, 7, 1]);
  run.set('opens', 100);
  at.registry.refresh();
  at.labels.endpoints.set(1, { cluster: 'app', address: '10.0.0.1:80', configured: false });
  at.advance(idleMs);
  at.registry.expire();
  worker(at, 0).release(run.slot, run.generation);
  const next = worker(at, 0).take('endpointTcp', [1, 7, 2]);
  assert.equal(next.slot, run.slot);
  next.set('opens', 3);
  at.registry.refresh();
  assert.equal(shown(at.registry.tcp, endpoint1, tcpCells.opens), null);
  assert.equal(shown(at.registry.tcp, 'target_addr="[fd00::2]:80"', tcpCells.opens), 3);
  assert.deepEqual(at.registry.releasedRuns(), [], 'the new generation was not released');
});

test('an owner that comes back before the release is published keeps its run and its counts', () => {
  const at = bench();
  const run = worker(at, 0).take('endpointTcp', [1, 7, 1]);
  run.set('opens', 4);
  at.registry.refresh();
  at.labels.endpoints.set(1, { cluster: 'app', address: '10.0.0.1:80', configured: false });
  at.advance(idleMs);
  at.registry.expire();
  at.labels.endpoints.set(1, { cluster: 'app', address: '10.0.0.1:80', configured: true });
  assert.deepEqual(at.registry.releasedRuns(), []);
  run.add('opens', 1);
  at.registry.refresh();
  assert.equal(shown(at.registry.tcp, endpoint1, tcpCells.opens), 5);
});

test('a run that its worker still counts in is shown again and not counted twice', () => {
  const at = bench();
  const still = worker(at, 0).take('endpointTcp', [1, 7, 1]);
  const other = worker(at, 1).take('endpointTcp', [1, 7, 1]);
  still.set('opens', 10);
  other.set('opens', 1);
  at.registry.refresh();
  at.labels.endpoints.set(1, { cluster: 'app', address: '10.0.0.1:80', configured: false });
  at.advance(idleMs - 1);
  other.add('opens', 1);
  at.registry.refresh();
  at.advance(1);
  assert.equal(at.registry.expire(), true);
  assert.equal(shown(at.registry.tcp, endpoint1, tcpCells.opens), 12, 'a sum never goes down');
  still.add('opens', 1);
  at.registry.refresh();
  assert.equal(shown(at.registry.tcp, endpoint1, tcpCells.opens), 13);
  assert.deepEqual(at.registry.releasedRuns(), []);
});

test('a listener that moves to another address leaves what it counted at the old one', () => {
  const at = bench();
  const run = worker(at, 0).take('listenerTcp', [1, 1]);
  run.set('opens', 8);
  run.set('openNow', 2);
  run.set('finished', 6);
  at.registry.refresh();
  run.add('opens', 1);
  at.labels.listeners.set(1, { name: 'web', address: '127.0.0.1:9090', configured: true });
  at.registry.relabel();
  run.add('opens', 5);
  run.add('finished', 1);
  at.registry.refresh();
  const { tcp, closeReasons } = at.registry;
  assert.equal(shown(tcp, 'target_port="8080"', tcpCells.opens), 9);
  assert.equal(shown(tcp, 'target_port="8080"', tcpCells.openNow), 0);
  assert.equal(shown(tcp, 'target_port="9090"', tcpCells.opens), 5);
  assert.equal(shown(tcp, 'target_port="9090"', tcpCells.openNow), 2);
  assert.equal(shown(closeReasons, 'listener="web"', 0), 7, 'by name nothing changed');
  at.advance(idleMs);
  at.registry.expire();
  assert.equal(shown(tcp, 'target_port="8080"', tcpCells.opens), null);
});

test('what found no room is shown as overflow, and only when there is some', () => {
  const at = bench();
  at.registry.refresh();
  assert.equal(shown(at.registry.tcp, 'target_addr="overflow"', tcpCells.opens), null);
  worker(at, 0).overflow('endpointTcp').add('opens', 2);
  worker(at, 0).overflow('endpointTcp').add('connectFailures', 1);
  worker(at, 1).overflow('listenerTcp').add('idle_timeout', 1);
  at.registry.refresh();
  assert.equal(shown(at.registry.tcp, 'peer="dst"', tcpCells.opens), 2);
  assert.equal(shown(at.registry.connect, 'overflow', connectCells.connectFailures), 1);
  const idleTimeouts = shown(at.registry.closeReasons, 'overflow', 6);
  assert.equal(idleTimeouts, 1);
});

test('worker cells are given for each worker and as a sum', () => {
  const at = bench();
  worker(at, 0).set('connectionsNow', 3);
  worker(at, 1).set('connectionsNow', 4);
  assert.deepEqual(at.registry.workerCells('connectionsNow'), [3, 4]);
  assert.equal(at.registry.workerSum('connectionsNow'), 7);
});

test('the owners of every run are known, so that their names can be kept', () => {
  const at = bench();
  worker(at, 0).take('listenerTcp', [1, 1]);
  worker(at, 0).take('endpointTcp', [1, 7, 2]);
  worker(at, 1).take('closeErrno', [1, 1, 7, 9, 104]);
  at.registry.refresh();
  const { listenerIds, endpointIds } = at.registry.metOwners();
  assert.ok(listenerIds.has(1) && !listenerIds.has(2));
  assert.ok(endpointIds.has(2) && endpointIds.has(9) && !endpointIds.has(1));
});
