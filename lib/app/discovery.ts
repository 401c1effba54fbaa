// Where the endpoints of a configuration come from: the list itself, or name servers where a cluster has host names.
// What looks names up is loaded only when there is one; it is paid for in memory.

import { parseAddress } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Config, ResolvedCluster } from '../config/config.ts';
import { leadsBack } from '../config/loop.ts';
import { clustersOf } from '../config/tls-routes.ts';
import { EndpointSources, type EndpointSourcesOptions } from '../control/endpoint-sources.ts';
import { DnsSource, namesOf } from '../discovery/dns.ts';
import type { DnsFacts, DnsNames, NameReport } from '../discovery/dns-names.ts';
import type { EndpointSource } from '../discovery/source.ts';
import { StaticSource } from '../discovery/static.ts';

export interface DiscoveryOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly report: EndpointSourcesOptions['report'];
}

/** A start or a reload waits for the first answers so long: without them a new cluster would refuse connections. */
const firstAnswerMs = 2_000;

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #sources: EndpointSources;
  #names: DnsNames | null = null;
  #config: Config | null = null;
  /** The running sources that have host names, by cluster. */
  readonly #named = new Map<string, DnsSource>();
  readonly #refused = new Set<string>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#sources = new EndpointSources({
      makeSource: (cluster) => this.#source(cluster),
      report: options.report,
    });
  }

  /** Asks for names that are new, so that `apply` has something to report. Never rejects. */
  async prepare(config: Config): Promise<void> {
    const names = config.clusters.flatMap(({ endpoints }) => namesOf(endpoints));
    if (names.length > 0) {
      const known = await this.#loadNames(config);
      known.configure(config.dns);
      await known.prepare(new Set(names), firstAnswerMs);
    }
  }

  /** REQUIRES: `prepare` was called with a configuration that has the same names. */
  apply(config: Config): void {
    this.#config = config;
    this.#refused.clear();
    this.#names?.configure(config.dns);
    this.#sources.apply(config);
    for (const [name, source] of this.#named) {
      if (config.clusters.some((cluster) => cluster.name === name)) {
        // Its list stays, but a listener may be new that one of its addresses leads back to.
        source.recheck();
      } else {
        this.#named.delete(name);
      }
    }
  }

  /** Of the host names of a cluster. */
  names(cluster: ResolvedCluster): readonly NameReport[] {
    const reports = namesOf(cluster.endpoints).map((name) => this.#names?.report(name) ?? null);
    return reports.filter((report) => report !== null);
  }

  /** `null` while no cluster has ever had a host name. */
  facts(): DnsFacts | null {
    return this.#names?.facts() ?? null;
  }

  stop(): void {
    this.#sources.stop();
    this.#names?.stop();
  }

  async #loadNames(config: Config): Promise<DnsNames> {
    if (this.#names !== null) {
      return this.#names;
    }
    const [{ DnsNames: Names }, { DnsLookup }, { SystemNames }] = await Promise.all([
      import('../discovery/dns-names.ts'),
      import('../discovery/dns-lookup.ts'),
      import('../discovery/system-names.ts'),
    ]);
    const { clock, log } = this.#options;
    const files = new SystemNames();
    const makeLookup = (settings: Config['dns']) => new DnsLookup({ settings, files, clock });
    this.#names ??= new Names(config.dns, { clock, log, makeLookup });
    return this.#names;
  }

  #source({ name, endpoints }: ResolvedCluster): EndpointSource {
    const names = this.#names;
    if (names === null || namesOf(endpoints).length === 0) {
      this.#named.delete(name);
      return new StaticSource(endpoints);
    }
    const isRefused = (address: string, host: string): boolean => this.#isLoop(name, address, host);
    const source = new DnsSource({ endpoints, names, isRefused });
    this.#named.set(name, source);
    return source;
  }

  /** A name that points at a listener of its own cluster would make each connection call Weft again, without end. */
  #isLoop(cluster: string, address: string, host: string): boolean {
    const parsed = parseAddress(address);
    const listener = this.#config?.listeners.find(
      (one) => clustersOf(one).includes(cluster) && parsed.ok && leadsBack(one, parsed.value),
    );
    if (listener === undefined) {
      return false;
    }
    const key = `${cluster} ${host} ${address}`;
    if (!this.#refused.has(key)) {
      this.#refused.add(key);
      const fields = { name: host, cluster, address, listener: listener.name };
      this.#options.log.warn('dns address left out, it leads back to a listener', fields);
    }
    return true;
  }
}
