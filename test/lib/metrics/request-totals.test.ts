import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyBoundsMs, noId } from '../../../lib/contract/metrics.ts';
import { Registry } from '../../../lib/metrics/registry.ts';
import { FakeLabels } from '../../support/fake-labels.ts';
import { FakeWorker } from '../../support/fake-worker.ts';

const outbound = 1;

test('requests are summed over workers, endpoints and statuses, by route and cluster', () => {
  const workers = [0, 1].map(() => new FakeWorker({ cellCount: 4_096, runCount: 32 }));
  const labels = FakeLabels.of();
  labels.routes.set(4, { name: 'shop', configured: true });
  const memory = workers.map((worker) => worker.memory);
  const registry = new Registry({ memory, labels, idleMs: () => 1_000, now: () => 0 });
  for (const [index, worker] of workers.entries()) {
    const request = worker.take('httpRequest', [outbound, 1, index + 1, 0, 4]);
    request.set('requests', 10);
    request.set('replays', 1);
    request.set('retries', 2);
    request.set('retriesDenied', 3);
    const good = worker.take('httpResponse', [outbound, 1, index + 1, 200, 4]);
    good.set('successes', 7);
    good.set('requestBytes', 100);
    good.set('responseBytes', 1_000);
    good.set('latencyTo1Ms', 7);
    const bad = worker.take('httpResponse', [outbound, 1, index + 1, 503, 4]);
    bad.set('failures', 3);
    bad.set('responseBytes', 11);
    bad.set('latencyAbove', 3);
    worker.take('listenerTcp', [1, 1]).set('opens', 99);
  }
  workers[0]?.take('httpRequest', [outbound, noId, noId, 0, noId]).set('requests', 5);
  workers[0]?.take('httpRequest', [0, 9, 1, 0, 8]).set('requests', 6);
  const totals = registry.requestTotals();
  assert.deepEqual(
    totals.map(({ direction, route, cluster, requestsTotal }) => [
      ...[direction, route, cluster, requestsTotal],
    ]),
    [
      ['outbound', 'shop', 'app', 20],
      ['outbound', null, null, 5],
      ['inbound', 'unknown', 'unknown', 6],
    ],
  );
  const { latencyCounts = [], ...shop } = totals[0] ?? {};
  assert.deepEqual(shop, {
    direction: 'outbound',
    route: 'shop',
    cluster: 'app',
    requestsTotal: 20,
    replaysTotal: 2,
    retriesTotal: 4,
    retriesDeniedTotal: 6,
    successesTotal: 14,
    failuresTotal: 6,
    requestBytesTotal: 200,
    responseBytesTotal: 2_022,
  });
  assert.equal(latencyCounts.length, latencyBoundsMs.length + 1);
  assert.deepEqual([latencyCounts[0], latencyCounts.at(-1)], [14, 6]);
});
