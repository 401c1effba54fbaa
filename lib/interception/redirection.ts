// What can be chosen about redirection, with its defaults. Plain values; the command line reads them.

import { formatNetwork, type Network, networkContains } from '../base/network.ts';

/** Both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What is left alone in one direction. */
export interface Skipped {
  readonly ports: readonly PortRange[];
  /** Inbound: where connections come from. Outbound: where they go to. */
  readonly networks: readonly Network[];
}

export interface Redirection {
  /** The user that Weft runs as; its own connections are not redirected. */
  readonly uid: number;
  readonly inboundPort: number;
  readonly outboundPort: number;
  /** Reached directly, so that probes and scrapes need no listener. */
  readonly adminPort: number;
  readonly inbound: Skipped;
  readonly outbound: Skipped;
}

export const redirectionDefaults: Redirection = {
  uid: 2102,
  inboundPort: 4143,
  outboundPort: 4140,
  adminPort: 4191,
  inbound: { ports: [], networks: [] },
  outbound: { ports: [], networks: [] },
};

/** In ascending order, with what overlaps or touches made one: older versions of nft refuse overlaps in a set. */
export function mergedPorts(ports: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  for (const range of [...ports].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before !== undefined && range.first <= before.last + 1) {
      merged[merged.length - 1] = {
        first: before.first,
        last: Math.max(before.last, range.last),
      };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** Without those that lie in another one, each once, as text. */
export function mergedNetworks(networks: readonly Network[], type: Network['type']): string[] {
  const own = networks.filter((network) => network.type === type);
  const widest = own.filter(
    (network) =>
      !own.some((other) => other.prefix < network.prefix && networkContains(other, network)),
  );
  return [...new Set(widest.map(formatNetwork))].sort();
}
