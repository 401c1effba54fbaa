// From two looks at a proxy to what happened between them. An endpoint or a route that is new, or whose counters began
// anew, has no rates yet.

import type { ClusterReport, EndpointReport } from '../../admin/view.ts';
import type { RequestTotals } from '../../metrics/request-totals.ts';
import type { Answer } from './ask.ts';

export interface Look extends Answer {
  /** Milliseconds that only go up. */
  readonly at: number;
}

export interface Rates {
  readonly connectionsPerSecond: number | null;
  readonly connectFailuresPerSecond: number | null;
  /** From the endpoint, and to it. */
  readonly readBytesPerSecond: number | null;
  readonly writeBytesPerSecond: number | null;
}

export interface EndpointRow extends Rates {
  readonly address: string;
  readonly weight: number;
  readonly available: boolean;
  readonly ejected: boolean;
  readonly causes: EndpointReport['causes'];
  readonly connectionsNow: number;
  readonly failureCount: number;
  readonly connectionsTotal: number;
  readonly connectFailuresTotal: number;
  readonly connectUs: number | null;
}

export interface ClusterRow extends Rates {
  readonly name: string;
  readonly balancer: string;
  readonly availableCount: number;
  readonly connectionsNow: number;
  readonly connectionsTotal: number;
  readonly connectFailuresTotal: number;
  readonly connectUs: number | null;
  readonly endpoints: readonly EndpointRow[];
  readonly names: ClusterReport['names'];
}

/** What a route sends to a cluster. */
export interface RouteRow {
  readonly direction: RequestTotals['direction'];
  readonly route: string | null;
  readonly cluster: string | null;
  readonly requestsTotal: number;
  readonly requestsPerSecond: number | null;
  readonly retriesPerSecond: number | null;
  /** 0 to 1, of the responses of the interval; `null` without one. So are the latencies. */
  readonly successRate: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Of bodies of responses, and of requests. */
  readonly readBytesPerSecond: number | null;
  readonly writeBytesPerSecond: number | null;
}

export interface Frame {
  readonly intervalMs: number;
  readonly clusters: readonly ClusterRow[];
  readonly routes: readonly RouteRow[];
  readonly truncated: boolean;
}

export function frameOf(before: Look, after: Look): Frame {
  const intervalMs = after.at - before.at;
  const known = new Map(
    before.clusters.flatMap(({ endpoints }) =>
      endpoints.map((endpoint) => [endpoint.id, endpoint]),
    ),
  );
  const clusters = after.clusters.map((cluster) => {
    const endpoints = cluster.endpoints.map((endpoint) =>
      endpointRow(known.get(endpoint.id), endpoint, intervalMs),
    );
    return clusterRow(cluster, endpoints);
  });
  const knownRoutes = new Map(before.routes.map((route) => [keyOf(route), route]));
  const routes = after.routes.map((route) =>
    routeRow(knownRoutes.get(keyOf(route)), route, after.latencyBoundsMs, intervalMs),
  );
  return { intervalMs, clusters, routes, truncated: after.truncated };
}

function keyOf({ direction, route, cluster }: RequestTotals): string {
  return JSON.stringify([direction, route, cluster]);
}

/** `null` for a counter that began anew. */
function perSecond(count: number, intervalMs: number): number | null {
  return count < 0 || intervalMs <= 0 ? null : (count * 1_000) / intervalMs;
}

function routeRow(
  before: RequestTotals | undefined,
  after: RequestTotals,
  boundsMs: readonly number[],
  intervalMs: number,
): RouteRow {
  // A route that is new has counted from 0: it was met between the looks.
  const counted = (read: (totals: RequestTotals) => number): number =>
    read(after) - (before === undefined ? 0 : read(before));
  const successes = counted((totals) => totals.successesTotal);
  const responses = successes + counted((totals) => totals.failuresTotal);
  const latencies = after.latencyCounts.map((count, bucket) =>
    Math.max(0, count - (before?.latencyCounts[bucket] ?? 0)),
  );
  const rate = (read: (totals: RequestTotals) => number): number | null =>
    perSecond(counted(read), intervalMs);
  return {
    direction: after.direction,
    route: after.route,
    cluster: after.cluster,
    requestsTotal: after.requestsTotal,
    requestsPerSecond: rate((totals) => totals.requestsTotal),
    retriesPerSecond: rate((totals) => totals.retriesTotal),
    successRate: responses > 0 && successes >= 0 ? successes / responses : null,
    p50Ms: quantile(0.5, latencies, boundsMs),
    p95Ms: quantile(0.95, latencies, boundsMs),
    p99Ms: quantile(0.99, latencies, boundsMs),
    readBytesPerSecond: rate((totals) => totals.responseBytesTotal),
    writeBytesPerSecond: rate((totals) => totals.requestBytesTotal),
  };
}

/** As histogram_quantile of Prometheus does: linear within a bucket, the last bound for what is above all. */
export function quantile(
  share: number,
  counts: readonly number[],
  bounds: readonly number[],
): number | null {
  const rank = share * counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = bounds[bucket - 1] ?? 0;
      const to = bounds[bucket] ?? from;
      return from + ((to - from) * (rank - below)) / count;
    }
    below += count;
  }
  return null;
}

function endpointRow(
  before: EndpointReport | undefined,
  after: EndpointReport,
  intervalMs: number,
): EndpointRow {
  const rate = (read: (endpoint: EndpointReport) => number): number | null =>
    before === undefined ? null : perSecond(read(after) - read(before), intervalMs);
  return {
    address: after.address,
    weight: after.weight,
    available: after.available,
    ejected: after.ejected,
    causes: after.causes,
    connectionsNow: after.connectionsNow,
    failureCount: after.failureCount,
    connectionsTotal: after.connectionsTotal,
    connectFailuresTotal: after.connectFailuresTotal,
    connectUs: after.connectUs,
    connectionsPerSecond: rate((endpoint) => endpoint.connectionsTotal),
    connectFailuresPerSecond: rate((endpoint) => endpoint.connectFailuresTotal),
    readBytesPerSecond: rate((endpoint) => endpoint.readBytesTotal),
    writeBytesPerSecond: rate((endpoint) => endpoint.writeBytesTotal),
  };
}

function clusterRow(
  { name, balancer, names }: ClusterReport,
  endpoints: readonly EndpointRow[],
): ClusterRow {
  const sum = (read: (row: EndpointRow) => number | null): number | null => {
    const known = endpoints.map(read).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  const measured = endpoints.map(({ connectUs }) => connectUs).filter((us) => us !== null);
  return {
    name,
    balancer,
    availableCount: endpoints.filter(({ available }) => available).length,
    connectionsNow: sum((row) => row.connectionsNow) ?? 0,
    connectionsTotal: sum((row) => row.connectionsTotal) ?? 0,
    connectFailuresTotal: sum((row) => row.connectFailuresTotal) ?? 0,
    connectUs:
      measured.length === 0
        ? null
        : Math.round(measured.reduce((total, us) => total + us, 0) / measured.length),
    connectionsPerSecond: sum((row) => row.connectionsPerSecond),
    connectFailuresPerSecond: sum((row) => row.connectFailuresPerSecond),
    readBytesPerSecond: sum((row) => row.readBytesPerSecond),
    writeBytesPerSecond: sum((row) => row.writeBytesPerSecond),
    endpoints,
    names,
  };
}
