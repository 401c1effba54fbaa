// Whether an endpoint is the listener itself: its connections would come back until the descriptors run out.

import {
  type Address,
  formatAddress,
  isLoopback,
  isWildcard,
  parseAddress,
} from '../base/address.ts';

export interface ListenerAddress {
  /** Canonical. */
  readonly address: string;
  readonly ipv6Only: boolean;
}

/** True for the listener's own address, and for a loopback address that a wildcard listener takes. */
export function leadsBack(listener: ListenerAddress, endpoint: Address): boolean {
  if (listener.address === formatAddress(endpoint)) {
    return true;
  }
  const parsed = parseAddress(listener.address);
  if (!parsed.ok || parsed.value.type === 'unix' || endpoint.type === 'unix') {
    return false;
  }
  const address = parsed.value;
  const sameFamily = address.type === endpoint.type || isDualStack(listener);
  return (
    address.port === endpoint.port && isWildcard(address) && isLoopback(endpoint) && sameFamily
  );
}

/** `[::]` without ipv6Only takes IPv4 too. */
export function isDualStack({ address, ipv6Only }: ListenerAddress): boolean {
  return address.startsWith('[::]:') && !ipv6Only;
}
