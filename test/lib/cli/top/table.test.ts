import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterReport, EndpointReport } from '../../../../lib/admin/view.ts';
import { frameOf, quantile } from '../../../../lib/cli/top/rates.ts';
import { tableLines } from '../../../../lib/cli/top/table.ts';
import type { RequestTotals } from '../../../../lib/metrics/request-totals.ts';

function endpoint(parts: Partial<EndpointReport> = {}): EndpointReport {
  return {
    id: 1,
    address: '10.0.0.1:80',
    weight: 1,
    available: true,
    ejected: false,
    causes: [],
    connectionsNow: 3,
    loadNow: 1,
    idleNow: 2,
    failureCount: 0,
    connectUs: 250,
    connectionsTotal: 100,
    connectFailuresTotal: 5,
    readBytesTotal: 1_000,
    writeBytesTotal: 2_000,
    workers: [],
    ...parts,
  };
}

function cluster(endpoints: readonly EndpointReport[]): ClusterReport {
  return { id: 1, name: 'app', balancer: 'p2cEwma', names: [], endpoints };
}

const noRoutes = { truncated: false, routes: [], latencyBoundsMs: [] };

function frame(before: readonly EndpointReport[], after: readonly EndpointReport[], ms = 2_000) {
  return frameOf(
    { at: 500, clusters: [cluster(before)], ...noRoutes },
    { at: 500 + ms, clusters: [cluster(after)], ...noRoutes },
  );
}

test('rates are differences over the interval, and a cluster is the sum of its endpoints', () => {
  const second = endpoint({ id: 2, connectUs: null, available: false });
  const { clusters } = frame(
    [endpoint(), second],
    [
      endpoint({ connectionsTotal: 120, readBytesTotal: 3_000 }),
      { ...second, connectionsTotal: 101 },
    ],
  );
  const [row] = clusters;
  assert.equal(row?.endpoints[0]?.connectionsPerSecond, 10);
  assert.equal(row?.endpoints[0]?.readBytesPerSecond, 1_000);
  assert.equal(row?.endpoints[1]?.connectionsPerSecond, 0.5);
  assert.equal(row?.connectionsPerSecond, 10.5);
  assert.equal(row?.connectionsNow, 6);
  assert.equal(row?.availableCount, 1);
  assert.equal(row?.connectUs, 250);
});

test('an endpoint that is new or began anew has no rates yet', () => {
  const { clusters } = frame(
    [endpoint({ id: 2 })],
    [endpoint(), endpoint({ id: 2, connectionsTotal: 1 })],
  );
  assert.equal(clusters[0]?.endpoints[0]?.connectionsPerSecond, null);
  assert.equal(clusters[0]?.endpoints[1]?.connectionsPerSecond, null);
  assert.equal(clusters[0]?.endpoints[1]?.readBytesPerSecond, 0);
  assert.equal(clusters[0]?.connectionsPerSecond, null);
});

test('a line for each cluster and endpoint, no wider than there are columns', () => {
  const shown = frame([endpoint()], [endpoint({ connectionsTotal: 2_000_100, connectUs: 12_345 })]);
  const lines = tableLines(shown, { columns: 120, rows: null, colour: false });
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^CLUSTER \/ ENDPOINT +STATE +CONN\/S +OPEN +FAIL\/S/);
  assert.match(lines[1] ?? '', /^app +1\/1 /);
  assert.match(lines[2] ?? '', /^ {2}10\.0\.0\.1:80 +up +1\.0M +3 +0 +5 +0 B +0 B +12\.3 ms$/);
  for (const columns of [1, 40, 79, 100]) {
    const narrow = tableLines(shown, { columns, rows: null, colour: false });
    assert.ok(narrow.every((line) => line.length <= columns));
  }
});

test('what does not fit in the height is counted', () => {
  const many = Array.from({ length: 50 }, (_, id) => endpoint({ id }));
  const lines = tableLines(frame(many, many), { columns: 120, rows: 12, colour: false });
  assert.equal(lines.length, 12);
  assert.equal(lines.at(-1), '... 41 more');
});

test('an endpoint that is avoided is red where there are colours, and only there', () => {
  const bad = [endpoint({ available: false })];
  const coloured = tableLines(frame(bad, bad), { columns: 120, rows: null, colour: true });
  assert.ok(coloured[2]?.startsWith('\u001b[31m') && coloured[2]?.includes('failing'));
  const plain = tableLines(frame(bad, bad), { columns: 120, rows: null, colour: false });
  assert.ok(!plain.join('').includes('\u001b'));
});

test('the state of an endpoint says what stands against it', () => {
  const down = { available: false };
  const states = [
    endpoint(),
    endpoint({ ...down, causes: ['connect_failures'] }),
    endpoint({ ...down, ejected: true, causes: ['early_closes'] }),
    endpoint({ ...down, ejected: true, causes: ['connect_failures', 'health_check'] }),
  ];
  const lines = tableLines(frame(states, states), { columns: 120, rows: null, colour: false });
  assert.deepEqual(
    lines.slice(2).map((line) => line.split(/ +/)[2]),
    ['up', 'failing', 'ejected', 'unhealthy'],
  );
});

test('ten thousand endpoints are no problem', () => {
  const many = Array.from({ length: 10_000 }, (_, id) =>
    endpoint({ id, address: `10.0.0.1:${id}` }),
  );
  assert.equal(
    tableLines(frame(many, many), { columns: 120, rows: null, colour: false }).length,
    10_002,
  );
});

const bounds = [1, 10, 100];

function routes(parts: Partial<RequestTotals> = {}): RequestTotals {
  return {
    direction: 'outbound',
    route: 'shop',
    cluster: 'app',
    requestsTotal: 10,
    replaysTotal: 0,
    retriesTotal: 1,
    retriesDeniedTotal: 0,
    successesTotal: 10,
    failuresTotal: 0,
    requestBytesTotal: 0,
    responseBytesTotal: 1_000,
    latencyCounts: [10, 0, 0, 0],
    ...parts,
  };
}

function routeFrame(before: readonly RequestTotals[], after: readonly RequestTotals[]) {
  const rest = { clusters: [cluster([endpoint()])], truncated: false, latencyBoundsMs: bounds };
  return frameOf({ at: 0, routes: before, ...rest }, { at: 2_000, routes: after, ...rest });
}

test('a route shows what its requests of the interval came to', () => {
  const after = routes({
    requestsTotal: 210,
    retriesTotal: 3,
    successesTotal: 200,
    failuresTotal: 10,
    requestBytesTotal: 4_096,
    responseBytesTotal: 5_001_000,
    latencyCounts: [110, 90, 10, 0],
  });
  const shown = routeFrame([routes()], [after, routes({ route: null, cluster: null })]);
  const [row, fresh] = shown.routes;
  assert.equal(row?.requestsPerSecond, 100);
  assert.equal(row?.retriesPerSecond, 1);
  assert.equal(row?.successRate, 190 / 200);
  assert.equal(row?.p50Ms, 1);
  assert.equal(row?.p95Ms, 10);
  assert.ok(Math.abs((row?.p99Ms ?? 0) - 82) < 0.001);
  assert.equal(fresh?.requestsPerSecond, 5);
  const lines = tableLines(shown, { columns: 120, rows: null, colour: false });
  assert.match(
    lines[4] ?? '',
    /^ROUTE > CLUSTER +REQ\/S +SUCCESS +P50 +P95 +P99 +READ\/S +WRITE\/S +RETRY\/S$/,
  );
  assert.match(
    lines[5] ?? '',
    /^shop > app +100 +95\.00 % +1000 us +10\.0 ms +82\.0 ms +2\.4 MiB +2\.0 KiB +1\.0$/,
  );
  assert.match(lines[6] ?? '', /^\(no route\) > \(weft\) +5\.0 +100 % /);
});

test('counters that began anew and intervals without a response have no rates', () => {
  const less = routes({ requestsTotal: 1, successesTotal: 1, latencyCounts: [1, 0, 0, 0] });
  const [anew] = routeFrame([routes()], [less]).routes;
  assert.equal(anew?.requestsPerSecond, null);
  assert.equal(anew?.successRate, null);
  const [still] = routeFrame([routes()], [routes()]).routes;
  assert.equal(still?.requestsPerSecond, 0);
  assert.equal(still?.successRate, null);
  assert.equal(still?.p99Ms, null);
});

test('a quantile is that of Prometheus: within its bucket, and never above the last bound', () => {
  assert.equal(quantile(0.5, [0, 4, 0, 0], bounds), 5.5);
  assert.equal(quantile(0.5, [0, 0, 0, 7], bounds), 100);
  assert.equal(quantile(0.5, [0, 0, 0, 0], bounds), null);
  assert.equal(quantile(0.99, [], bounds), null);
});

test('clusters and routes share the lines that there are', () => {
  const many = Array.from({ length: 50 }, (_, index) => routes({ route: `route-${index}` }));
  const ends = Array.from({ length: 50 }, (_, id) => endpoint({ id }));
  const rest = { clusters: [cluster(ends)], truncated: false, latencyBoundsMs: bounds };
  const shown = frameOf({ at: 0, routes: many, ...rest }, { at: 1_000, routes: many, ...rest });
  for (const rows of [1, 5, 6, 10, 24, 80, 200]) {
    const lines = tableLines(shown, { columns: 100, rows, colour: false });
    assert.ok(lines.length <= Math.max(rows, 3), `${lines.length} lines for ${rows}`);
    assert.match(lines[0] ?? '', /^CLUSTER/);
  }
  const lines = tableLines(shown, { columns: 100, rows: 24, colour: false });
  assert.equal(lines.filter((text) => text.startsWith('route-')).length, 10);
  assert.equal(lines.length, 24);
});
