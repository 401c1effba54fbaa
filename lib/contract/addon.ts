// The functions that the addon exports. Calls throw an Error with `code` (lib/base/errors.ts), and `path` when
// an argument is at fault.

import type { UnavailableCause } from './events.ts';
import type { HttpRoutesSnapshot, RouteMatch, RouteRequest } from './http-routes.ts';
import type { MetricsMemory } from './metrics.ts';
import type { ProtocolHint, Snapshot } from './snapshot.ts';

export interface StartOptions {
  /** 1 to 256. */
  readonly workerCount: number;
  /** Power of two, for each worker. */
  readonly eventRingBytes: number;
  /** Cells of each worker's slab; memory is touched only when used. */
  readonly cellCount: number;
  /** Directory slots of each worker. */
  readonly runCount: number;
}

/** Called with whole records (events.ts) of one worker; the bytes are the receiver's to keep. */
export type EventSink = (worker: number, records: Uint8Array) => void;

export interface DrainOptions {
  /** Milliseconds until what is still open is reset. */
  readonly deadlineMs: number;
  /** `keep`: go on accepting until the deadline. */
  readonly listeners: 'close' | 'keep';
  /** `inbound`: outbound listeners and connections go on as they are. */
  readonly scope: 'all' | 'inbound';
}

export interface DrainResult {
  /** Connections that the deadline reset. */
  readonly forcedCount: number;
}

export type RequestState = 'delayed' | 'queued' | 'connecting' | 'sent' | 'responding';
export type ConnectionState = 'connecting' | 'open' | 'closing' | 'detecting';

/** Which connections to show; `null` is all of them. */
export interface ConnectionFilter {
  readonly listenerIds: readonly number[] | null;
  readonly clusterIds: readonly number[] | null;
  readonly state: ConnectionState | null;
  readonly protocol: Protocol | null;
  readonly ageMsMin: number;
  /** Of either side: '10.0.0.5:80', or '10.0.0.5' and '[::1]' for every port. */
  readonly address: string | null;
}

export type DumpQuery =
  | ({ readonly type: 'connections'; readonly countMax: number } & ConnectionFilter)
  | { readonly type: 'clusters'; readonly countMax: number }
  | { readonly type: 'listeners'; readonly countMax: number };

export type Protocol = Exclude<ProtocolHint, 'detect'>;

export interface ConnectionDump {
  readonly worker: number;
  readonly connectionId: number;
  readonly listenerId: number;
  readonly clusterId: number;
  /** `null` before an endpoint was picked. */
  readonly endpointId: number | null;
  readonly state: ConnectionState;
  /** `null` while it is not known. */
  readonly protocol: Protocol | null;
  readonly downstreamAddress: string;
  readonly upstreamAddress: string | null;
  /** Where a redirected connection meant to go. */
  readonly originalDst: string | null;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly downstreamReadBytes: number;
  readonly upstreamReadBytes: number;
  readonly bufferedBytes: number;
  readonly spliced: boolean;
  /** Of HTTP, so far. */
  readonly requestCount: number;
  /** What the request under way waits for; `null` when there is none. */
  readonly requestState: RequestState | null;
}

export interface EndpointDump {
  readonly worker: number;
  readonly clusterId: number;
  readonly endpointId: number;
  readonly connectionsNow: number;
  /** Opaque connections and requests under way. */
  readonly loadNow: number;
  /** Connections that wait for a request. */
  readonly idleNow: number;
  readonly connectUs: number;
  readonly available: boolean;
  /** Connect failures and early closes in a row. */
  readonly failureCount: number;
  readonly earlyCloseCount: number;
  /** Taken out of the balancer. */
  readonly ejected: boolean;
  /** Why it is not available. */
  readonly cause: UnavailableCause | null;
}

/** Where a listener is bound: its address, with the port that the kernel chose for port 0. */
export interface ListenerDump {
  readonly listenerId: number;
  readonly address: string;
}

export interface DumpResult {
  readonly connections: readonly ConnectionDump[];
  readonly endpoints: readonly EndpointDump[];
  readonly listeners: readonly ListenerDump[];
  /** True when `countMax` left something out. */
  readonly truncated: boolean;
}

export interface EngineHandle {
  /**
   * Opens what is new, then has every worker adopt the snapshot. Resolves with the revision once all have.
   * Rejects, and changes nothing, when a listener cannot be opened (`code` ERR_LISTEN, `path`, `errno`).
   */
  publish(snapshot: Snapshot): Promise<number>;
  /** Resolves when the last connection has ended, at the deadline at the latest. A second call only shortens the deadline or widens the scope. */
  drain(options: DrainOptions): Promise<DrainResult>;
  /** Resets what is open and joins the threads. Safe to call twice. */
  stop(): Promise<void>;
  /** One for each worker; the same memory each time. */
  metrics(): readonly MetricsMemory[];
  dump(query: DumpQuery): Promise<DumpResult>;
}

export interface ClosedLists {
  readonly closeReasons: readonly string[];
  readonly eventKinds: readonly string[];
  readonly workerCells: readonly string[];
  readonly runKinds: readonly string[];
  readonly unavailableCauses: readonly string[];
  readonly directions: readonly string[];
  readonly protocols: readonly string[];
  readonly balancers: readonly string[];
}

export interface Probe {
  /** `Release` build of the addon: compiler and standard. */
  readonly build: string;
  readonly kernel: string;
  /** What this process may use, by name: splice, pipeResize, ipv6. */
  readonly features: Readonly<Record<string, boolean>>;
  /** CPUs of the affinity mask. */
  readonly cpuCount: number;
  /** Soft limit of descriptors after raising it to the hard one. */
  readonly descriptorsMax: number;
}

export interface Addon {
  start(options: StartOptions, sink: EventSink): EngineHandle;
  closedLists(): ClosedLists;
  probe(): Probe;
  /** Which rule a request fits, found by the code that routes; `null`: none. Calls no engine. */
  matchRoute(routes: HttpRoutesSnapshot, request: RouteRequest): RouteMatch | null;
  /** Gives memory that native code has freed back to the kernel; false when there was none. */
  trimHeap(): boolean;
  /** Waits for an ended child that Node does not know; false when there is no such child. Never blocks. */
  reapChild(pid: number): boolean;
}
