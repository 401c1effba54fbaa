// Complete snapshots for tests: every field has a value, a test names those that it is about.

import type {
  ClusterSnapshot,
  EndpointSnapshot,
  ListenerSnapshot,
  Snapshot,
} from '../../lib/contract/snapshot.ts';

export function snapshotOf(parts: Partial<Snapshot>): Snapshot {
  return {
    revision: 1,
    limits: {
      connectionsMax: 1_000,
      requestsMax: 1_000,
      mirrorsMax: 100,
      bufferedBytesMax: 16_777_216,
      pipeCountMax: 16,
      pipeBytes: 1_048_576,
    },
    listeners: [],
    clusters: [],
    drainTimeoutMs: 10_000,
    releasedRuns: [],
    ...parts,
  };
}

export function listenerSnapshot(parts: Partial<ListenerSnapshot>): ListenerSnapshot {
  return {
    id: 1,
    name: 'web',
    direction: 'outbound',
    address: '127.0.0.1:8080',
    ipv6Only: false,
    unixMode: null,
    backlogCount: 128,
    protocol: 'opaque',
    portProtocols: [],
    serverFirstAfterMs: 20,
    detectTimeoutMs: 10_000,
    tlsRoutes: [],
    tlsUnrouted: 'refuse',
    httpRoutes: null,
    httpUnrouted: 'refuse',
    proxyProtocol: null,
    http: {
      headBytesMax: 65_536,
      headFieldsMax: 128,
      headTimeoutMs: 10_000,
      errorHeader: true,
      forwarded: null,
      via: '',
      requestId: '',
    },
    clusterId: 1,
    transparent: false,
    workloadAddress: 'original',
    connectionsMax: 1_000,
    idleTimeoutMs: null,
    keepalive: null,
    userTimeoutMs: null,
    accessLog: false,
    ...parts,
  };
}

export function clusterSnapshot(parts: Partial<ClusterSnapshot>): ClusterSnapshot {
  return {
    id: 1,
    revision: 1,
    name: 'app',
    protocol: null,
    balancer: { type: 'roundRobin', slowStart: null },
    zonePreference: null,
    connectTimeoutMs: 1_000,
    connectAttemptsMax: 3,
    proxyProtocol: null,
    ejection: {
      consecutiveFailures: 1,
      earlyCloseMs: null,
      consecutiveEarlyCloses: 5,
      consecutiveServerErrors: null,
      successPercentMin: null,
      successRequestsMin: 20,
      successWindowMs: 10_000,
      baseTimeMs: 500,
      maxTimeMs: 10_000,
      sharePercentMax: 50,
      panicPercent: 0,
    },
    healthCheck: null,
    http: {
      idleTimeoutMs: 3_000,
      idleMax: 10_000,
      ageMaxMs: null,
      queueMax: 1_024,
      queueTimeoutMs: 1_000,
    },
    failFastAfterMs: 3_000,
    connectionsMax: null,
    pendingMax: null,
    endpointConnectionsMax: null,
    keepalive: null,
    userTimeoutMs: null,
    originalDst: false,
    destinations: [],
    endpoints: [],
    ...parts,
  };
}

export function endpointSnapshot(parts: Partial<EndpointSnapshot>): EndpointSnapshot {
  return { id: 1, address: '127.0.0.1:9000', weight: 1, ownZone: false, ...parts };
}
