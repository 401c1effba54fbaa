// What the bench asks of a program that passes HTTP on.

import type { Peer, StartRequest } from '../../tcp/peers/peer.ts';
import { routePrefix } from '../rows.ts';

/** What an endpoint may have: more requests are refused by the proxy. */
export interface Limit {
  /** Served at once. */
  readonly slots: number;
  /** Waiting behind those. */
  readonly waiting: number;
  /** How long one may wait, for proxies that bound the wait by time and not by number. */
  readonly waitMs: number;
}

export interface HttpStartRequest extends StartRequest {
  /** All endpoints; `target` is the first of them. */
  readonly targets: readonly string[];
  /** See Row. The floor, which chooses nothing, starts the same with any number. */
  readonly routes: number;
  /** inTurn: each after the other. leastBusy: the one with the least to do. The program's own default if absent. */
  readonly balancer?: 'inTurn' | 'leastBusy' | undefined;
  /** None if absent. */
  readonly limit?: Limit | undefined;
}

export interface HttpPeer extends Peer {
  command(request: HttpStartRequest): string[];
}

// With pipes and connections to the origin these fit into the 20,000 descriptors that some machines allow.
export const connectionsMax = 4_000;

export const prefixes = (routes: number) =>
  Array.from({ length: routes }, (_, index) => routePrefix(index));
