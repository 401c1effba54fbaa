// Desired state -> Snapshot. A pure function: the same input gives the same snapshot, field for field in the
// order of lib/contract/snapshot.ts.

import type {
  ClusterSnapshot,
  EndpointSnapshot,
  ListenerSnapshot,
  ReleasedRun,
  Snapshot,
} from '../contract/snapshot.ts';
import type { Desired, DesiredCluster, DesiredListener } from './desired-state.ts';

export interface CompileInput {
  readonly desired: Desired;
  readonly revision: number;
  readonly releasedRuns: readonly ReleasedRun[];
}

export function compile({ desired, revision, releasedRuns }: CompileInput): Snapshot {
  const { config } = desired;
  return {
    revision,
    drainTimeoutMs: config.drain.deadlineMs,
    limits: config.limits,
    listeners: desired.listeners.map(compileListener),
    clusters: desired.clusters.map(compileCluster),
    releasedRuns,
  };
}

function compileListener({
  id,
  clusterId,
  tlsRoutes,
  httpRoutes,
  config,
}: DesiredListener): ListenerSnapshot {
  return {
    id,
    name: config.name,
    direction: config.direction,
    address: config.address,
    ipv6Only: config.ipv6Only,
    unixMode: config.unixMode,
    backlogCount: config.backlogCount,
    protocol: config.protocol,
    portProtocols: config.portProtocols,
    serverFirstAfterMs: config.serverFirstAfterMs,
    detectTimeoutMs: config.detectTimeoutMs,
    tlsRoutes,
    tlsUnrouted: config.tlsUnrouted,
    httpRoutes,
    httpUnrouted: config.httpUnrouted,
    proxyProtocol: config.proxyProtocol,
    http: config.http,
    clusterId,
    transparent: config.transparent,
    workloadAddress: config.workloadAddress,
    connectionsMax: config.connectionsMax,
    idleTimeoutMs: config.idleTimeoutMs,
    keepalive: config.keepalive,
    userTimeoutMs: config.userTimeoutMs,
    accessLog: config.accessLog,
  };
}

function compileCluster(cluster: DesiredCluster): ClusterSnapshot {
  const { id, revision, config } = cluster;
  const endpoints = compileEndpoints(cluster);
  // Where all endpoints are on one side of the border there is nothing to prefer.
  const hasBoth = endpoints.some(({ ownZone }) => ownZone !== endpoints[0]?.ownZone);
  return {
    id,
    revision,
    name: config.name,
    protocol: config.protocol,
    balancer: config.balancer,
    zonePreference: hasBoth ? config.zonePreference : null,
    connectTimeoutMs: config.connectTimeoutMs,
    connectAttemptsMax: config.connectAttemptsMax,
    proxyProtocol: config.proxyProtocol,
    ejection: config.ejection,
    healthCheck: config.healthCheck,
    http: config.http,
    failFastAfterMs: config.failFastAfterMs,
    connectionsMax: config.connectionsMax,
    pendingMax: config.pendingMax,
    endpointConnectionsMax: config.endpointConnectionsMax,
    keepalive: config.keepalive,
    userTimeoutMs: config.userTimeoutMs,
    originalDst: config.originalDst,
    destinations: config.destinations,
    endpoints,
  };
}

function compileEndpoints({ config, endpoints }: DesiredCluster): EndpointSnapshot[] {
  return endpoints.map(({ id, address, weight, zone }) => ({
    id,
    address,
    weight,
    ownZone: zone !== null && zone === config.ownZone,
  }));
}
