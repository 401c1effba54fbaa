// The endpoints of a cluster that has host names among them: what the configuration lists, with each name replaced by
// all of its addresses. An endpoint is known by its address, so one that stays in the answers stays the same endpoint.

import { formatAddress, parseAddress } from '../base/address.ts';
import { parseEndpointAddress } from '../base/endpoint-address.ts';
import type { DnsNames, NameWatch } from './dns-names.ts';
import type { DiscoveredEndpoint, EndpointReport, EndpointSource } from './source.ts';

export interface DnsSourceOptions {
  /** As configured; some have a name for an address. */
  readonly endpoints: readonly DiscoveredEndpoint[];
  readonly names: DnsNames;
  /** Says which addresses must not be endpoints, whatever a name server says. */
  readonly isRefused: (address: string, name: string) => boolean;
}

interface Named {
  readonly endpoint: DiscoveredEndpoint;
  readonly name: string;
  readonly port: number;
}

export class DnsSource implements EndpointSource {
  readonly #options: DnsSourceOptions;
  readonly #fixed: readonly DiscoveredEndpoint[];
  readonly #named: readonly Named[];
  readonly #watches = new Map<string, NameWatch>();
  #report: EndpointReport = () => undefined;
  #reported = '';
  #stopped = false;

  constructor(options: DnsSourceOptions) {
    this.#options = options;
    const named = options.endpoints.map(namedEndpoint);
    this.#fixed = options.endpoints.filter((_, index) => named[index] === null);
    this.#named = named.filter((one) => one !== null);
  }

  start(report: EndpointReport): void {
    this.#report = report;
    for (const name of new Set(this.#named.map((named) => named.name))) {
      this.#watches.set(
        name,
        this.#options.names.watch(name, () => this.recheck()),
      );
    }
    this.recheck();
  }

  /** Reports when the list is another: names have other addresses, or others are refused now. */
  recheck(): void {
    const endpoints = this.#endpoints();
    const key = JSON.stringify(endpoints);
    if (!this.#stopped && key !== this.#reported) {
      this.#reported = key;
      this.#report(endpoints);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const watch of this.#watches.values()) {
      watch.stop();
    }
    this.#watches.clear();
  }

  /** What is written out counts before what a name gives: its weight is meant for this address. */
  #endpoints(): readonly DiscoveredEndpoint[] {
    const endpoints = new Map(this.#fixed.map((endpoint) => [endpoint.address, endpoint]));
    for (const { endpoint, name, port } of this.#named) {
      for (const host of this.#watches.get(name)?.addresses() ?? []) {
        const address = withPort(host, port);
        const isNew = address !== null && !endpoints.has(address);
        if (isNew && !this.#options.isRefused(address, name)) {
          endpoints.set(address, { ...endpoint, address });
        }
      }
    }
    return [...endpoints.values()];
  }
}

/** The names among the endpoints of a cluster. */
export function namesOf(endpoints: readonly DiscoveredEndpoint[]): readonly string[] {
  const names = endpoints.map((endpoint) => namedEndpoint(endpoint)?.name ?? null);
  return [...new Set(names.filter((name) => name !== null))];
}

function namedEndpoint(endpoint: DiscoveredEndpoint): Named | null {
  const parsed = parseEndpointAddress(endpoint.address);
  return parsed.ok && parsed.value.type === 'name'
    ? { endpoint, name: parsed.value.name, port: parsed.value.port }
    : null;
}

function withPort(host: string, port: number): string | null {
  const parsed = parseAddress(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  return parsed.ok ? formatAddress(parsed.value) : null;
}
