// What the admin server needs to know and to ask for; lib/app implements it. Nothing here can reach a private
// key, a token or the process environment.

import type { LogLevel } from '../base/log.ts';
import type { ConnectionState, Protocol } from '../contract/addon.ts';
import type { Direction } from '../contract/snapshot.ts';
import type { ExpositionFormat } from '../metrics/prometheus.ts';
import type { RequestTotals } from '../metrics/request-totals.ts';

export interface Readiness {
  readonly ready: boolean;
  /** One word or a few: `ready`, `starting`, `draining`. */
  readonly state: string;
}

export interface ConfigReport {
  readonly desiredRevision: number;
  readonly appliedRevision: number;
  /** The configuration, complete; the server redacts what is secret. */
  readonly config: unknown;
}

export interface EndpointPart {
  readonly worker: number;
  readonly available: boolean;
  readonly connectionsNow: number;
  readonly loadNow: number;
  readonly idleNow: number;
  readonly connectUs: number;
  readonly failureCount: number;
  readonly earlyCloseCount: number;
  readonly ejected: boolean;
  /** Why it is not available: `connect_failures`, `early_closes` or `health_check`. */
  readonly cause: string | null;
}

export interface EndpointReport {
  readonly id: number;
  readonly address: string;
  readonly weight: number;
  /** False when a worker avoids it. */
  readonly available: boolean;
  /** True when a worker has taken it out of its balancer. */
  readonly ejected: boolean;
  /** Why workers avoid it, each cause once. */
  readonly causes: readonly string[];
  /** Sums over the workers. */
  readonly connectionsNow: number;
  /** Opaque connections and requests under way. */
  readonly loadNow: number;
  /** Connections that wait for a request. */
  readonly idleNow: number;
  /** Attempts in a row that failed. */
  readonly failureCount: number;
  /** Moving average of the connect time over the workers that have one; `null` before the first connection. */
  readonly connectUs: number | null;
  /** Since the endpoint was met. */
  readonly connectionsTotal: number;
  readonly connectFailuresTotal: number;
  /** Read from the endpoint, and written to it. */
  readonly readBytesTotal: number;
  readonly writeBytesTotal: number;
  /** What each worker that has met it knows. */
  readonly workers: readonly EndpointPart[];
}

/** A host name among the endpoints of a cluster. */
export interface NameReport {
  readonly name: string;
  /** `waiting`, `found`, `stale`, `unresolved` or `absent` (docs/operations.md). */
  readonly state: string;
  readonly addresses: readonly string[];
  /** Who answered: `dns` or `hosts`; `null` before there was an answer. */
  readonly origin: string | null;
  readonly ttlMs: number | null;
  /** Since the last answer that had addresses. */
  readonly ageMs: number | null;
  readonly nextLookupMs: number;
  /** Lookups in a row that failed. */
  readonly failureCount: number;
  /** Why the last lookup found nothing. */
  readonly error: string | null;
}

export interface ClusterReport {
  readonly id: number;
  readonly name: string;
  readonly balancer: string;
  readonly names: readonly NameReport[];
  readonly endpoints: readonly EndpointReport[];
}

export interface ConnectionReport {
  readonly worker: number;
  readonly connectionId: number;
  readonly listener: string | null;
  readonly direction: Direction | null;
  readonly cluster: string | null;
  readonly endpoint: string | null;
  readonly state: string;
  /** `null` while it is not known. */
  readonly protocol: string | null;
  readonly downstreamAddress: string;
  readonly upstreamAddress: string | null;
  readonly originalDst: string | null;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly downstreamReadBytes: number;
  readonly upstreamReadBytes: number;
  readonly bufferedBytes: number;
  readonly spliced: boolean;
  /** Of HTTP, so far. */
  readonly requestCount: number;
  /** `delayed`, `queued`, `connecting`, `sent` or `responding`; `null` when no request is under way. */
  readonly requestState: string | null;
}

export interface ListenerReport {
  readonly name: string;
  readonly direction: string;
  /** As configured. */
  readonly address: string;
  /** With the port that the kernel chose; `null` when it is closed, which a drain does. */
  readonly boundAddress: string | null;
  readonly cluster: string;
}

/** Which connections to show; `null` is all of them. */
export interface ConnectionsQuery {
  readonly countMax: number;
  readonly listener: string | null;
  readonly cluster: string | null;
  readonly direction: Direction | null;
  readonly state: ConnectionState | null;
  readonly protocol: Protocol | null;
  /** Of either side, with a port or for every port; a unix socket with its prefix. */
  readonly address: string | null;
  readonly ageMsMin: number;
}

/** Names that a query may have, also of what left and still has connections. */
export interface KnownNames {
  readonly listeners: readonly string[];
  readonly clusters: readonly string[];
}

/** A list that may have been cut. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly truncated: boolean;
}

export interface AdminView {
  readiness(): Readiness;
  metrics(format: ExpositionFormat): string;
  config(): ConfigReport;
  listeners(): Promise<readonly ListenerReport[]>;
  clusters(endpointCountMax: number): Promise<Page<ClusterReport>>;
  routes(): readonly RequestTotals[];
  connections(query: ConnectionsQuery): Promise<Page<ConnectionReport>>;
  names(): KnownNames;
  logLevel(): LogLevel;
  setLogLevel(level: LogLevel): void;
  /** Begins at once and does not wait. `null`: the deadline of the configuration, which is returned. */
  drain(deadlineMs: number | null): number;
  /** Whether the configuration allows `shutdown`. */
  shutdownAllowed(): boolean;
  /** Drains, then ends the process. */
  shutdown(): void;
}
