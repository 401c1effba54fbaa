// The running sources of endpoints, one for each cluster of the configuration. A cluster whose settings of
// discovery did not change keeps its source, and with it what the source has learned.

import type { Config, ResolvedCluster } from '../config/config.ts';
import type { DiscoveredEndpoint, EndpointSource } from '../discovery/source.ts';

export interface EndpointSourcesOptions {
  readonly makeSource: (cluster: ResolvedCluster) => EndpointSource;
  /** Takes each report. */
  readonly report: (clusterName: string, endpoints: readonly DiscoveredEndpoint[]) => void;
}

interface Running {
  readonly source: EndpointSource;
  /** What the source was made from. */
  readonly settings: string;
}

export class EndpointSources {
  readonly #options: EndpointSourcesOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: EndpointSourcesOptions) {
    this.#options = options;
  }

  /** Starts, replaces and stops sources so that they are those of the configuration. */
  apply(config: Config): void {
    const names = new Set(config.clusters.map(({ name }) => name));
    for (const [name, { source }] of this.#running) {
      if (!names.has(name)) {
        source.stop();
        this.#running.delete(name);
      }
    }
    for (const cluster of config.clusters) {
      this.#applyCluster(cluster);
    }
  }

  stop(): void {
    for (const { source } of this.#running.values()) {
      source.stop();
    }
    this.#running.clear();
  }

  #applyCluster(cluster: ResolvedCluster): void {
    const settings = JSON.stringify(cluster.endpoints);
    const before = this.#running.get(cluster.name);
    if (before?.settings === settings) {
      return;
    }
    before?.source.stop();
    const source = this.#options.makeSource(cluster);
    this.#running.set(cluster.name, { source, settings });
    source.start((endpoints) => {
      if (this.#running.get(cluster.name)?.source === source) {
        this.#options.report(cluster.name, endpoints);
      }
    });
  }
}
