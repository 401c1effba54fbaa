// Complete configurations for tests, as lib/config/resolve gives them; a test names the parts it is about.

import type {
  Config,
  ResolvedCluster,
  ResolvedDns,
  ResolvedDrain,
  ResolvedListener,
} from '../../lib/config/config.ts';
import { clusterSnapshot, listenerSnapshot } from './snapshots.ts';

export function configOf(parts: Partial<Config>): Config {
  return {
    workerCount: 2,
    zone: null,
    listeners: [resolvedListener({})],
    clusters: [resolvedCluster({})],
    dns: resolvedDns({}),
    limits: {
      connectionsMax: 1_000,
      requestsMax: 1_000,
      mirrorsMax: 100,
      bufferedBytesMax: 16_777_216,
      pipeCountMax: 16,
      pipeBytes: 1_048_576,
    },
    admin: null,
    metrics: { expireAfterMs: 600_000 },
    log: {
      level: 'info',
      format: 'auto',
      accessLog: {
        path: null,
        template: null,
        requestTemplate: null,
        lines: 'all',
        sample: 1,
      },
    },
    drain: drainOf(5_000),
    ...parts,
  };
}

export function drainOf(deadlineMs: number, parts: Partial<ResolvedDrain> = {}): ResolvedDrain {
  return {
    deadlineMs,
    listeners: 'close',
    order: 'inboundFirst',
    outboundOpenMinMs: 0,
    outboundOpenMaxMs: deadlineMs,
    ...parts,
  };
}

export function resolvedDns(parts: Partial<ResolvedDns>): ResolvedDns {
  return {
    servers: null,
    family: 'all',
    ttlMinMs: 5_000,
    ttlMaxMs: 3_600_000,
    negativeTtlMs: 10_000,
    timeoutMs: 5_000,
    lookupsMax: 16,
    recordsMax: 1_000,
    ...parts,
  };
}

export function resolvedListener(parts: Partial<ResolvedListener>): ResolvedListener {
  const { id: _, clusterId: __, httpRoutes: ___, ...listener } = listenerSnapshot({});
  return { ...listener, cluster: 'app', tlsRoutes: [], httpRules: null, ...parts };
}

export function resolvedCluster(parts: Partial<ResolvedCluster>): ResolvedCluster {
  const { id: _, revision: __, ...cluster } = clusterSnapshot({});
  const endpoints = [{ address: '10.0.0.1:80', weight: 1, zone: null }];
  return { ...cluster, ownZone: null, endpoints, ...parts };
}
