// From two looks at a proxy to what happened between them. An endpoint that is new, or whose counters began anew, has
// no rates yet.

import type { ClusterReport, EndpointReport } from '../../admin/view.ts';
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

export interface Frame {
  readonly intervalMs: number;
  readonly clusters: readonly ClusterRow[];
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
  return { intervalMs, clusters, truncated: after.truncated };
}

function endpointRow(
  before: EndpointReport | undefined,
  after: EndpointReport,
  intervalMs: number,
): EndpointRow {
  const rate = (read: (endpoint: EndpointReport) => number): number | null => {
    const counted = before === undefined ? -1 : read(after) - read(before);
    return counted < 0 || intervalMs <= 0 ? null : (counted * 1_000) / intervalMs;
  };
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
