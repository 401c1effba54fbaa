// The resolved configuration: complete, frozen, milliseconds and bytes. Its parts take their field names from
// what crosses to native code, so that one search finds a setting on every side.

import type { LogFormat, LogLevel } from '../base/log.ts';
import type {
  HttpBackendRefSnapshot,
  HttpMatchSnapshot,
  HttpRuleSnapshot,
  PathMatchSnapshot,
  RequestMirrorSnapshot,
  ValueMatchSnapshot,
} from '../contract/http-routes.ts';
import type {
  ClusterSnapshot,
  EndpointSnapshot,
  LimitsSnapshot,
  ListenerSnapshot,
  TlsRouteSnapshot,
} from '../contract/snapshot.ts';

export interface Config {
  /** `null`: as many as the process may use CPUs (worker-count.ts). */
  readonly workerCount: number | null;
  /** Where this proxy runs; `null` when that is not known. */
  readonly zone: string | null;
  readonly listeners: readonly ResolvedListener[];
  readonly clusters: readonly ResolvedCluster[];
  readonly dns: ResolvedDns;
  readonly limits: LimitsSnapshot;
  readonly admin: ResolvedAdmin | null;
  readonly metrics: ResolvedMetrics;
  readonly log: ResolvedLog;
  readonly drain: ResolvedDrain;
}

export interface ResolvedListener
  extends Omit<ListenerSnapshot, 'id' | 'clusterId' | 'tlsRoutes' | 'httpRoutes'> {
  /** `null`: requests go where their connection goes. */
  readonly httpRules: readonly ResolvedHttpRule[] | null;
  readonly tlsRoutes: readonly ResolvedTlsRoute[];
  /** Name of one of `clusters`; those of original destinations are among them. */
  readonly cluster: string;
}

export interface ResolvedTlsRoute extends Omit<TlsRouteSnapshot, 'backendRefs'> {
  readonly backendRefs: readonly ResolvedBackendRef[];
}

/** One rule of one route. Regular expressions are as they were written. */
export interface ResolvedHttpRule
  extends Omit<HttpRuleSnapshot, 'id' | 'matches' | 'mirrors' | 'backendRefs'> {
  /** Of the route that it belongs to. */
  readonly route: string;
  readonly matches: readonly ResolvedHttpMatch[];
  readonly mirrors: readonly ResolvedRequestMirror[];
  readonly backendRefs: readonly ResolvedHttpBackendRef[];
}

export interface ResolvedHttpMatch
  extends Omit<HttpMatchSnapshot, 'path' | 'headers' | 'queryParams'> {
  readonly path: Omit<PathMatchSnapshot, 'pattern'>;
  readonly headers: readonly ResolvedValueMatch[];
  readonly queryParams: readonly ResolvedValueMatch[];
}

export interface ResolvedValueMatch extends Omit<ValueMatchSnapshot, 'pattern'> {
  /** The value is a regular expression. */
  readonly regex: boolean;
}

export interface ResolvedRequestMirror extends Omit<RequestMirrorSnapshot, 'clusterId'> {
  /** Name of one of `clusters`. */
  readonly cluster: string;
}

export interface ResolvedHttpBackendRef extends Omit<HttpBackendRefSnapshot, 'clusterId'> {
  /** Name of one of `clusters`. */
  readonly cluster: string;
}

export interface ResolvedBackendRef {
  /** Name of one of `clusters`. */
  readonly cluster: string;
  readonly weight: number;
}

export interface ResolvedCluster extends Omit<ClusterSnapshot, 'id' | 'revision' | 'endpoints'> {
  /** The zone of this proxy, when endpoints in it are preferred. */
  readonly ownZone: string | null;
  readonly endpoints: readonly ResolvedEndpoint[];
}

/** The address may be a host name with a port (lib/base/endpoint-address.ts). */
export interface ResolvedEndpoint extends Omit<EndpointSnapshot, 'id' | 'ownZone'> {
  readonly zone: string | null;
}

export interface ResolvedDns {
  /** With ports; `null`: those of /etc/resolv.conf. */
  readonly servers: readonly string[] | null;
  readonly family: 'all' | 'ipv4' | 'ipv6';
  readonly ttlMinMs: number;
  readonly ttlMaxMs: number;
  readonly negativeTtlMs: number;
  readonly timeoutMs: number;
  readonly lookupsMax: number;
  readonly recordsMax: number;
}

export interface ResolvedAdmin {
  readonly address: string;
  readonly shutdown: boolean;
}

export interface ResolvedMetrics {
  readonly expireAfterMs: number;
}

export interface ResolvedLog {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly accessLog: ResolvedAccessLog;
}

export interface ResolvedAccessLog {
  /** `null`: stdout. */
  readonly path: string | null;
  /** `null`: JSON. */
  readonly template: string | null;
  /** The same for lines of requests. */
  readonly requestTemplate: string | null;
  readonly lines: 'all' | 'connections' | 'requests';
  /** 0 to 1. */
  readonly sample: number;
}

export interface ResolvedDrain {
  readonly deadlineMs: number;
  readonly listeners: 'close' | 'keep';
  readonly order: 'inboundFirst' | 'together';
  /** Both at most the deadline. */
  readonly outboundOpenMinMs: number;
  readonly outboundOpenMaxMs: number;
}
