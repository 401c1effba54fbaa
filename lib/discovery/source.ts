// Where the endpoints of a cluster come from. A source reports the whole list each time it changes; nobody asks
// it. Weft's own sources and a user's implement the same interface.

export interface DiscoveredEndpoint {
  /** Canonical: '10.0.0.5:80', '[::1]:80', 'unix:/run/app.sock'. */
  readonly address: string;
  /** 1 to 65535. */
  readonly weight: number;
  /** Where it runs; `null` when that is not known. */
  readonly zone: string | null;
}

/** Takes the whole list. An empty one means that there is no endpoint, not that nothing changed. */
export type EndpointReport = (endpoints: readonly DiscoveredEndpoint[]) => void;

export interface EndpointSource {
  /** Reports at once what is known, then each change, until `stop`. Called once. */
  start(report: EndpointReport): void;
  /** After it nothing is reported. */
  stop(): void;
}
