// What the admin server shows of a running proxy: joins what the workers say with the names of the desired state.

import type {
  AdminView,
  ClusterReport,
  ConfigReport,
  ConnectionReport,
  ConnectionsQuery,
  EndpointReport,
  KnownNames,
  ListenerReport,
  Page,
  Readiness,
} from '../admin/view.ts';
import type { Log, LogLevel } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { ConnectionDump, EndpointDump } from '../contract/addon.ts';
import type { DesiredCluster, DesiredEndpoint, DesiredState } from '../control/desired-state.ts';
import type { Publisher } from '../control/publisher.ts';
import type { Engine } from '../engine/engine.ts';
import { type ControlFacts, collectFamilies } from '../metrics/families.ts';
import { type ExpositionFormat, renderMetrics } from '../metrics/prometheus.ts';
import type { EndpointTotals, Registry } from '../metrics/registry.ts';
import type { RequestTotals } from '../metrics/request-totals.ts';
import { boundAddresses } from './bound-addresses.ts';
import type { Discovery } from './discovery.ts';

export interface ProxyViewParts {
  readonly engine: Engine;
  readonly registry: Registry;
  readonly publisher: Publisher;
  readonly state: DesiredState;
  readonly discovery: Discovery;
  readonly log: Log;
  readonly config: () => Config;
  readonly readiness: () => Readiness;
  readonly facts: () => ControlFacts;
  readonly drain: (deadlineMs: number) => void;
  readonly shutdown: () => void;
}

export class ProxyView implements AdminView {
  readonly #parts: ProxyViewParts;

  constructor(parts: ProxyViewParts) {
    this.#parts = parts;
  }

  readiness(): Readiness {
    return this.#parts.readiness();
  }

  metrics(format: ExpositionFormat): string {
    const { registry, facts } = this.#parts;
    return renderMetrics(collectFamilies(registry, facts()), format);
  }

  config(): ConfigReport {
    const { publisher, config } = this.#parts;
    const { desiredRevision, appliedRevision } = publisher;
    return { desiredRevision, appliedRevision, config: config() };
  }

  async listeners(): Promise<readonly ListenerReport[]> {
    const { engine, state, config } = this.#parts;
    const bound = await boundAddresses(engine, state);
    return config().listeners.map(({ name, direction, address, cluster }) => {
      return { name, direction, address, boundAddress: bound.get(name) ?? null, cluster };
    });
  }

  async clusters(endpointCountMax: number): Promise<Page<ClusterReport>> {
    const { engine, state, discovery, registry } = this.#parts;
    const dump = await engine.dump({ type: 'clusters', countMax: endpointCountMax });
    const parts = new Map<number, EndpointDump[]>();
    for (const endpoint of dump.endpoints) {
      const known = parts.get(endpoint.endpointId);
      known === undefined ? parts.set(endpoint.endpointId, [endpoint]) : known.push(endpoint);
    }
    const known: KnownEndpoints = { parts, totals: registry.endpointTotals() };
    const items = state
      .current()
      .clusters.map((cluster) => clusterReport(cluster, known, discovery.names(cluster.config)));
    return { items, truncated: dump.truncated };
  }

  routes(): readonly RequestTotals[] {
    return this.#parts.registry.requestTotals();
  }

  async connections(query: ConnectionsQuery): Promise<Page<ConnectionReport>> {
    const { engine, state } = this.#parts;
    const { countMax, ageMsMin, address, listener, direction, cluster } = query;
    const listeners = state
      .namedListeners()
      .filter(({ name }) => listener === null || name === listener)
      .filter((one) => direction === null || one.direction === direction);
    const clusters = state.namedClusters().filter(({ name }) => name === cluster);
    const { connections, truncated } = await engine.dump({
      type: 'connections',
      countMax,
      listenerIds: listener === null && direction === null ? null : listeners.map(({ id }) => id),
      clusterIds: cluster === null ? null : clusters.map(({ id }) => id),
      state: query.state,
      protocol: query.protocol,
      ageMsMin,
      address,
    });
    return { items: connections.map((dump) => connectionReport(dump, state)), truncated };
  }

  names(): KnownNames {
    const { state } = this.#parts;
    return {
      listeners: state.namedListeners().map(({ name }) => name),
      clusters: state.namedClusters().map(({ name }) => name),
    };
  }

  logLevel(): LogLevel {
    return this.#parts.log.level;
  }

  setLogLevel(level: LogLevel): void {
    this.#parts.log.level = level;
  }

  drain(deadlineMs: number | null): number {
    const wanted = deadlineMs ?? this.#parts.config().drain.deadlineMs;
    this.#parts.drain(wanted);
    return wanted;
  }

  shutdownAllowed(): boolean {
    return this.#parts.config().admin?.shutdown ?? false;
  }

  shutdown(): void {
    this.#parts.shutdown();
  }
}

/** What the workers say and what they have counted, by endpoint id. */
interface KnownEndpoints {
  readonly parts: ReadonlyMap<number, readonly EndpointDump[]>;
  readonly totals: ReadonlyMap<number, EndpointTotals>;
}

function clusterReport(
  { id, config, endpoints }: DesiredCluster,
  known: KnownEndpoints,
  names: ClusterReport['names'],
): ClusterReport {
  return {
    id,
    name: config.name,
    balancer: config.balancer.type,
    names,
    endpoints: endpoints.map((endpoint) => endpointReport(endpoint, known)),
  };
}

function endpointReport(
  { id, address, weight }: DesiredEndpoint,
  known: KnownEndpoints,
): EndpointReport {
  const parts = known.parts.get(id) ?? [];
  const totals = known.totals.get(id);
  const sum = (read: (part: EndpointDump) => number): number =>
    parts.reduce((total, part) => total + read(part), 0);
  return {
    id,
    address,
    weight,
    available: parts.every((part) => part.available),
    ejected: parts.some((part) => part.ejected),
    causes: [...new Set(parts.flatMap(({ cause }) => cause ?? []))],
    connectionsNow: sum((part) => part.connectionsNow),
    loadNow: sum((part) => part.loadNow),
    idleNow: sum((part) => part.idleNow),
    failureCount: sum((part) => part.failureCount),
    connectUs: averageConnectUs(parts, totals),
    connectionsTotal: totals?.opens ?? 0,
    connectFailuresTotal: totals?.connectFailures ?? 0,
    readBytesTotal: totals?.readBytes ?? 0,
    writeBytesTotal: totals?.writeBytes ?? 0,
    workers: parts.map(({ clusterId: _, endpointId: __, ...part }) => part),
  };
}

/** A worker that never connected has the default of the balancer, which is no measurement. */
function averageConnectUs(
  parts: readonly EndpointDump[],
  totals: EndpointTotals | undefined,
): number | null {
  const measured = parts.filter(({ worker }) => (totals?.connectCounts[worker] ?? 0) > 0);
  const sum = measured.reduce((total, { connectUs }) => total + connectUs, 0);
  return measured.length === 0 ? null : Math.round(sum / measured.length);
}

function connectionReport(dump: ConnectionDump, state: DesiredState): ConnectionReport {
  const { listenerId, clusterId, endpointId, connectionId, worker, ...rest } = dump;
  const endpoint = endpointId === null ? null : state.endpoint(clusterId, endpointId);
  const listener = state.listener(listenerId);
  return {
    worker,
    connectionId,
    listener: listener?.name ?? null,
    direction: listener?.direction ?? null,
    cluster: state.clusterName(clusterId),
    endpoint: endpoint?.address ?? null,
    ...rest,
  };
}
