// Endpoints that the configuration lists: reported once, they change only with the configuration.

import type { DiscoveredEndpoint, EndpointReport, EndpointSource } from './source.ts';

export class StaticSource implements EndpointSource {
  readonly #endpoints: readonly DiscoveredEndpoint[];

  constructor(endpoints: readonly DiscoveredEndpoint[]) {
    this.#endpoints = endpoints;
  }

  start(report: EndpointReport): void {
    report(this.#endpoints);
  }

  stop(): void {
    // Nothing runs between reports.
  }
}
