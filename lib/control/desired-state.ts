// What we want now: the configuration, and the endpoints that discovery reports. The only writer, on one thread,
// with no awaits inside. Gives out the ids that native code and metrics know things by, and keeps the names of
// what left until nobody counts for it any more.

import type { Config, ResolvedCluster, ResolvedListener } from '../config/config.ts';
import type { HttpRoutesSnapshot } from '../contract/http-routes.ts';
import type { Direction, TlsRouteSnapshot } from '../contract/snapshot.ts';
import type { DiscoveredEndpoint } from '../discovery/source.ts';
import { compileRules } from './compile-routes.ts';
import { IdBook } from './id-book.ts';

export interface DesiredListener {
  readonly id: number;
  readonly clusterId: number;
  readonly tlsRoutes: readonly TlsRouteSnapshot[];
  readonly httpRoutes: HttpRoutesSnapshot | null;
  readonly config: ResolvedListener;
}

export interface DesiredEndpoint extends DiscoveredEndpoint {
  readonly id: number;
}

export interface DesiredCluster {
  readonly id: number;
  /** Another number whenever anything in the cluster is another. */
  readonly revision: number;
  readonly config: ResolvedCluster;
  readonly endpoints: readonly DesiredEndpoint[];
}

export interface Desired {
  readonly config: Config;
  readonly listeners: readonly DesiredListener[];
  readonly clusters: readonly DesiredCluster[];
}

/** What an id stands for, also after it left the configuration. */
export interface NamedListener {
  readonly name: string;
  readonly address: string;
  readonly direction: Direction;
  readonly configured: boolean;
}

export interface NamedEndpoint {
  readonly cluster: string;
  readonly address: string;
  readonly configured: boolean;
}

export interface NamedCluster {
  readonly name: string;
  readonly configured: boolean;
}

/** A rule of a route of HTTP. */
export interface NamedRoute {
  readonly name: string;
  readonly listener: string;
  readonly configured: boolean;
}

interface CompiledRoutes {
  /** All that they were compiled from. */
  readonly source: string;
  readonly routes: HttpRoutesSnapshot;
}

interface ListenerFacts {
  readonly address: string;
  readonly direction: Direction;
  readonly configured: boolean;
}

interface EndpointFacts {
  readonly clusterId: number;
  readonly address: string;
  readonly configured: boolean;
}

export class DesiredState {
  #config: Config | null = null;
  readonly #listeners = new IdBook<ListenerFacts>();
  readonly #clusters = new IdBook<DesiredCluster | null>();
  readonly #endpoints = new IdBook<EndpointFacts>();
  readonly #routes = new IdBook<NamedRoute>();
  #compiledRoutes = new Map<string, CompiledRoutes>();
  #routesRevision = 0;
  readonly #reports = new Map<string, readonly DiscoveredEndpoint[]>();
  #clusterRevision = 0;

  /** Replaces the configuration whole. Endpoints of clusters that stay are kept until they are reported anew. */
  setConfig(config: Config): void {
    this.#config = config;
    for (const { name, description } of this.#listeners.entries()) {
      this.#listeners.enter(name, { ...description, configured: false });
    }
    for (const { name, address, direction } of config.listeners) {
      this.#listeners.enter(name, { address, direction, configured: true });
    }
    const names = new Set(config.clusters.map(({ name }) => name));
    for (const { name } of this.#clusters.entries()) {
      if (!names.has(name)) {
        this.#reports.delete(name);
        this.#replaceCluster(name, null);
      }
    }
    for (const cluster of config.clusters) {
      this.#updateCluster(cluster);
    }
    this.#updateRoutes(config);
  }

  /** The whole list of one cluster; what is not in it is gone. A cluster that nobody configured is not kept. */
  setEndpoints(clusterName: string, endpoints: readonly DiscoveredEndpoint[]): void {
    const cluster = this.#config?.clusters.find(({ name }) => name === clusterName);
    if (cluster !== undefined) {
      this.#reports.set(clusterName, endpoints);
      this.#updateCluster(cluster);
    }
  }

  /** REQUIRES: a configuration was set. */
  current(): Desired {
    const config = this.#config;
    if (config === null) {
      throw new Error('DesiredState.current: no configuration was set');
    }
    return {
      config,
      listeners: config.listeners.map((listener) => ({
        id: this.#listeners.byName(listener.name)?.id ?? 0,
        clusterId: this.#clusterId(listener.cluster),
        tlsRoutes: listener.tlsRoutes.map(({ hostnames, alpn, backendRefs }) => ({
          hostnames,
          alpn,
          backendRefs: backendRefs.map(({ cluster, weight }) => {
            return { clusterId: this.#clusterId(cluster), weight };
          }),
        })),
        httpRoutes: this.#compiledRoutes.get(listener.name)?.routes ?? null,
        config: listener,
      })),
      clusters: config.clusters.flatMap(({ name }) => {
        const cluster = this.#clusters.byName(name)?.description;
        return cluster ? [cluster] : [];
      }),
    };
  }

  /** The configuration names no cluster that it does not have. */
  #clusterId(name: string): number {
    return this.#clusters.byName(name)?.id ?? 0;
  }

  listener(id: number): NamedListener | null {
    const entry = this.#listeners.byId(id);
    return entry && { name: entry.name, ...entry.description };
  }

  /** Also those that left and are still remembered. */
  namedListeners(): readonly (NamedListener & { readonly id: number })[] {
    return [...this.#listeners.entries()].map(({ id, name, description }) => {
      return { id, name, ...description };
    });
  }

  namedClusters(): readonly { readonly id: number; readonly name: string }[] {
    return [...this.#clusters.entries()].map(({ id, name }) => ({ id, name }));
  }

  clusterName(id: number): string | null {
    return this.#clusters.byId(id)?.name ?? null;
  }

  cluster(id: number): NamedCluster | null {
    const entry = this.#clusters.byId(id);
    return entry && { name: entry.name, configured: entry.description !== null };
  }

  /** `null` also when the endpoint belongs to another cluster. */
  endpoint(clusterId: number, id: number): NamedEndpoint | null {
    const facts = this.#endpoints.byId(id)?.description;
    if (facts === undefined || facts.clusterId !== clusterId) {
      return null;
    }
    const { address, configured } = facts;
    return { cluster: this.clusterName(clusterId) ?? '', address, configured };
  }

  route(id: number): NamedRoute | null {
    return this.#routes.byId(id)?.description ?? null;
  }

  /** Forgets what is not configured and not in `kept`. Call it long after things left: events of theirs may be
   * under way. */
  forgetAllBut(kept: {
    readonly listenerIds: ReadonlySet<number>;
    readonly endpointIds: ReadonlySet<number>;
    readonly clusterIds: ReadonlySet<number>;
    readonly routeIds: ReadonlySet<number>;
  }): void {
    for (const entry of [...this.#routes.entries()]) {
      if (!entry.description.configured && !kept.routeIds.has(entry.id)) {
        this.#routes.forget(entry);
      }
    }
    for (const entry of [...this.#listeners.entries()]) {
      if (!entry.description.configured && !kept.listenerIds.has(entry.id)) {
        this.#listeners.forget(entry);
      }
    }
    const clusterIds = new Set(kept.clusterIds);
    for (const entry of [...this.#endpoints.entries()]) {
      if (entry.description.configured || kept.endpointIds.has(entry.id)) {
        clusterIds.add(entry.description.clusterId);
      } else {
        this.#endpoints.forget(entry);
      }
    }
    for (const entry of [...this.#clusters.entries()]) {
      if (entry.description === null && !clusterIds.has(entry.id)) {
        this.#clusters.forget(entry);
      }
    }
  }

  /** Those that stay as they were keep their revision, so that nobody reads them again. */
  #updateRoutes(config: Config): void {
    for (const { name, description } of this.#routes.entries()) {
      this.#routes.enter(name, { ...description, configured: false });
    }
    const before = this.#compiledRoutes;
    this.#compiledRoutes = new Map();
    for (const { name: listener, httpRules } of config.listeners) {
      if (httpRules === null) {
        continue;
      }
      const ruleId = (name: string): number =>
        this.#routes.enter(`${listener} ${name}`, { name, listener, configured: true }).id;
      const clusterId = (name: string): number => this.#clusterId(name);
      const ids = httpRules.map(({ name, mirrors, backendRefs }) => [
        ruleId(name),
        ...[...mirrors, ...backendRefs].map(({ cluster }) => clusterId(cluster)),
      ]);
      const source = JSON.stringify([httpRules, ids]);
      const known = before.get(listener);
      this.#compiledRoutes.set(
        listener,
        known?.source === source
          ? known
          : {
              source,
              routes: {
                revision: ++this.#routesRevision,
                rules: compileRules(httpRules, { ruleId, clusterId }),
              },
            },
      );
    }
  }

  #updateCluster(config: ResolvedCluster): void {
    const { id, description: before } =
      this.#clusters.byName(config.name) ?? this.#clusters.enter(config.name, null);
    const reported = byAddress(this.#reports.get(config.name) ?? []);
    if (before === null || !isSame(before, config, reported)) {
      this.#clusterRevision += 1;
      const endpoints = reported.map((endpoint) => this.#named(id, endpoint));
      const revision = this.#clusterRevision;
      this.#replaceCluster(config.name, { id, revision, config, endpoints });
    }
  }

  #replaceCluster(name: string, next: DesiredCluster | null): void {
    const before = this.#clusters.byName(name)?.description ?? null;
    const stays = new Set(next?.endpoints.map(({ id }) => id));
    for (const { id } of before?.endpoints ?? []) {
      const entry = stays.has(id) ? null : this.#endpoints.byId(id);
      if (entry) {
        this.#endpoints.enter(entry.name, { ...entry.description, configured: false });
      }
    }
    this.#clusters.enter(name, next);
  }

  #named(clusterId: number, endpoint: DiscoveredEndpoint): DesiredEndpoint {
    const { address, weight, zone } = endpoint;
    const facts = { clusterId, address, configured: true };
    const { id } = this.#endpoints.enter(`${clusterId} ${address}`, facts);
    return { id, address, weight, zone };
  }
}

/** One entry for each address; the last report of an address counts. */
function byAddress(endpoints: readonly DiscoveredEndpoint[]): readonly DiscoveredEndpoint[] {
  const unique = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint]));
  return unique.size === endpoints.length ? endpoints : [...unique.values()];
}

function isSame(
  before: DesiredCluster,
  config: ResolvedCluster,
  endpoints: readonly DiscoveredEndpoint[],
): boolean {
  const settings = ({ endpoints: _, ...rest }: ResolvedCluster): string => JSON.stringify(rest);
  return (
    before.endpoints.length === endpoints.length &&
    before.endpoints.every(({ address, weight, zone }, index) => {
      const other = endpoints[index];
      return other?.address === address && other.weight === weight && other.zone === zone;
    }) &&
    settings(before.config) === settings(config)
  );
}
