// The clusters of connections that no cluster claims: each has one endpoint, which stands for wherever a connection
// meant to go. So such connections are limited, counted and shown as those of every other cluster. Nothing is
// learned about single addresses: none is avoided, and none takes memory.

import type { ResolvedCluster } from './config.ts';
import { defaults } from './defaults.ts';
import { resolveHttpCluster } from './resolve-http.ts';
import type { UserConfig } from './user-config.ts';

export const originalClusterNames = {
  inbound: 'original-inbound',
  outbound: 'original-outbound',
} as const;

/** Shown where an endpoint's address is shown. */
const anyAddress = '0.0.0.0:0';

/** Those that some listener needs. */
export function originalClusters(user: UserConfig): ResolvedCluster[] {
  const directions = (['inbound', 'outbound'] as const).filter((direction) =>
    user.listeners.some(
      (listener) =>
        listener.cluster === undefined &&
        (listener.direction ?? defaults.listenerDirection.value) === direction,
    ),
  );
  return directions.map((direction) => ({
    name: originalClusterNames[direction],
    protocol: null,
    balancer: { type: 'roundRobin', slowStart: null },
    zonePreference: null,
    ownZone: null,
    connectTimeoutMs:
      direction === 'inbound'
        ? defaults.clusterConnectTimeoutInboundMs.value
        : defaults.clusterConnectTimeoutOutboundMs.value,
    // The address that was meant is the only one.
    connectAttemptsMax: 1,
    ejection: null,
    healthCheck: null,
    http: resolveHttpCluster(),
    failFastAfterMs: null,
    connectionsMax: null,
    pendingMax: null,
    endpointConnectionsMax: null,
    keepalive: {
      idleMs: defaults.keepaliveIdleMs.value,
      intervalMs: defaults.keepaliveIntervalMs.value,
      probesMax: defaults.keepaliveProbesMax.value,
    },
    userTimeoutMs: defaults.userTimeoutMs.value,
    originalDst: true,
    proxyProtocol: null,
    destinations: [],
    endpoints: [{ address: anyAddress, weight: defaults.endpointWeight.value, zone: null }],
  }));
}
