// What goes down: the immutable configuration that native code runs on. Every field is present; absent is
// `null`; variants carry `type`; durations end in `Ms`, sizes in `Bytes`, counts in `Max` or `Count`.
// native/binding/read_snapshot.cc reads the same fields in the same order and has no defaults.
// Addresses are canonical strings: '127.0.0.1:80', '[::1]:80', 'unix:/run/app.sock'.

import type { HttpRoutesSnapshot } from './http-routes.ts';

export type Direction = 'inbound' | 'outbound';

/** What connections carry. `detect`: their first bytes will tell. */
export type ProtocolHint = 'detect' | 'opaque' | 'http1' | 'http2' | 'grpc' | 'tls';

/** Where an inbound connection goes: to the address that was meant, or to the same port of the loopback interface. */
export type WorkloadAddress = 'original' | 'loopback';

export interface Snapshot {
  /** Increases by at least one with every publish. */
  readonly revision: number;
  /** How long connections of a removed listener or endpoint may go on before they are reset. */
  readonly drainTimeoutMs: number;
  readonly limits: LimitsSnapshot;
  readonly listeners: readonly ListenerSnapshot[];
  readonly clusters: readonly ClusterSnapshot[];
  /** Metric runs that TypeScript no longer reads; a worker may use them again. */
  readonly releasedRuns: readonly ReleasedRun[];
}

/** Limits of the whole process; workers share them out. */
export interface LimitsSnapshot {
  readonly connectionsMax: number;
  /** Requests under way. */
  readonly requestsMax: number;
  /** 0: no request is copied. */
  readonly mirrorsMax: number;
  readonly bufferedBytesMax: number;
  readonly pipeCountMax: number;
  readonly pipeBytes: number;
}

export interface KeepaliveSnapshot {
  readonly idleMs: number;
  readonly intervalMs: number;
  readonly probesMax: number;
}

/** Both ports included. */
export interface PortProtocolSnapshot {
  readonly firstPort: number;
  readonly lastPort: number;
  readonly protocol: ProtocolHint;
}

/** The addresses that share the first `prefixBits` of `address`, whose port is 0. */
export interface NetworkSnapshot {
  readonly address: string;
  readonly prefixBits: number;
}

/** From whom a header of the PROXY protocol is believed. */
export interface AcceptedProxyProtocolSnapshot {
  readonly from: readonly NetworkSnapshot[];
  readonly timeoutMs: number;
  readonly required: boolean;
}

/** What happens to what no route fits. */
export type Unrouted = 'refuse' | 'forward';

export interface TlsRouteSnapshot {
  /** In lower case, whole or behind `*.`; empty: any name, and none. */
  readonly hostnames: readonly string[];
  /** The client offers one of them; empty: whatever it offers. */
  readonly alpn: readonly string[];
  /** At least one. */
  readonly backendRefs: readonly BackendRefSnapshot[];
}

export interface BackendRefSnapshot {
  readonly clusterId: number;
  /** 1 to 1,000,000, relative to the others. */
  readonly weight: number;
}

export type ProxyProtocolVersion = 'v1' | 'v2';

/** Of connections that carry HTTP. */
export interface HttpListenerSnapshot {
  /** Of the head of a request; 1,024 to 98,304. */
  readonly headBytesMax: number;
  /** 1 to 256. */
  readonly headFieldsMax: number;
  /** From the first byte of a head to its last. */
  readonly headTimeoutMs: number;
  /** Answers of the proxy itself say why in `weft-error`. */
  readonly errorHeader: boolean;
  /** `null`: requests are told nothing of who sent them. */
  readonly forwarded: ForwardedSnapshot | null;
  /** How the proxy calls itself in Via; empty: it does not. */
  readonly via: string;
  /** Header that each request gets, in lower case; empty: none. */
  readonly requestId: string;
}

export interface ForwardedSnapshot {
  /** x-forwarded-for, -proto and -host. */
  readonly xForwarded: boolean;
  /** Of RFC 7239. */
  readonly forwarded: boolean;
  /** Who is believed what they say of others. */
  readonly from: readonly NetworkSnapshot[];
}

/** Connections to endpoints that wait for the next request. */
export interface HttpClusterSnapshot {
  readonly idleTimeoutMs: number;
  /** To one endpoint, for each worker. */
  readonly idleMax: number;
  /** Give or take a tenth; `null`: no limit. */
  readonly ageMaxMs: number | null;
  /** Requests that wait for a connection, for each worker. */
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
}

export interface ListenerSnapshot {
  /** Stable for one name for as long as the process lives. */
  readonly id: number;
  readonly name: string;
  readonly direction: Direction;
  readonly address: string;
  readonly ipv6Only: boolean;
  /** Permission bits of a unix socket; `null` for other addresses. */
  readonly unixMode: number | null;
  readonly backlogCount: number;
  readonly protocol: ProtocolHint;
  /** The first that fits counts, before the cluster's hint and the listener's. */
  readonly portProtocols: readonly PortProtocolSnapshot[];
  /** How long a silent client is waited for before its cluster is connected to; `null`: until it speaks. */
  readonly serverFirstAfterMs: number | null;
  /** After so long an undecided beginning is opaque. */
  readonly detectTimeoutMs: number;
  /** Of connections with TLS; empty: they go where all others go. */
  readonly tlsRoutes: readonly TlsRouteSnapshot[];
  readonly tlsUnrouted: Unrouted;
  /** Of requests; `null`: they go where their connection goes. */
  readonly httpRoutes: HttpRoutesSnapshot | null;
  readonly httpUnrouted: Unrouted;
  /** `null`: no header is expected. */
  readonly proxyProtocol: AcceptedProxyProtocolSnapshot | null;
  readonly http: HttpListenerSnapshot;
  readonly clusterId: number;
  /** Connections were redirected here and meant to go elsewhere. */
  readonly transparent: boolean;
  readonly workloadAddress: WorkloadAddress;
  readonly connectionsMax: number;
  /** `null`: a silent connection lives for ever. */
  readonly idleTimeoutMs: number | null;
  readonly keepalive: KeepaliveSnapshot | null;
  readonly userTimeoutMs: number | null;
  /** Write a `connectionClosed` event for each connection. */
  readonly accessLog: boolean;
}

export interface SlowStartSnapshot {
  readonly windowMs: number;
  /** 1 to 100. */
  readonly minSharePercent: number;
}

/** What decides which endpoint it is. Connections that carry no HTTP have a source only. */
export interface HashKeySnapshot {
  readonly type: 'source' | 'path' | 'header' | 'cookie';
  /** Of a header, in lower case, or of a cookie; else empty. */
  readonly name: string;
  /** Of a cookie that is given to who has none; `null`: until the client ends its session. */
  readonly cookieMaxAgeMs: number | null;
}

interface HashBalancerSnapshot {
  readonly loadBoundPercent: number | null;
  readonly key: HashKeySnapshot;
}

/** The last two choose by a key. */
export type BalancerSnapshot =
  | {
      readonly type: 'p2cEwma';
      readonly rttDefaultMs: number;
      readonly decayMs: number;
      readonly slowStart: SlowStartSnapshot | null;
    }
  | { readonly type: 'roundRobin'; readonly slowStart: SlowStartSnapshot | null }
  | { readonly type: 'leastConnections'; readonly slowStart: SlowStartSnapshot | null }
  | { readonly type: 'random'; readonly slowStart: SlowStartSnapshot | null }
  | ({ readonly type: 'ringHash' } & HashBalancerSnapshot)
  | ({ readonly type: 'maglev' } & HashBalancerSnapshot);

/** Connections stay in the own zone while so much of it is usable. */
export interface ZonePreferenceSnapshot {
  /** 1 to 100. */
  readonly usableSharePercentMin: number;
  readonly usableCountMin: number;
}

export interface ClusterSnapshot {
  /** Stable for one name for as long as the process lives. */
  readonly id: number;
  /** Changes when anything in this cluster changes; an equal revision is not read again. */
  readonly revision: number;
  readonly name: string;
  /** What every connection to it carries; `null`: the listener's hint counts. */
  readonly protocol: ProtocolHint | null;
  readonly balancer: BalancerSnapshot;
  /** `null`: zones make no difference. */
  readonly zonePreference: ZonePreferenceSnapshot | null;
  /** Of one attempt. */
  readonly connectTimeoutMs: number;
  /** Endpoints tried for one connection, at least 1. */
  readonly connectAttemptsMax: number;
  /** Sent first on every connection; `null`: nothing is. */
  readonly proxyProtocol: ProxyProtocolVersion | null;
  /** `null`: no endpoint is ever ejected. */
  readonly ejection: EjectionSnapshot | null;
  /** `null`: endpoints are not asked. */
  readonly healthCheck: HealthCheckSnapshot | null;
  readonly http: HttpClusterSnapshot;
  /** Without a usable endpoint for so long, connections fail at once; `null`: never. */
  readonly failFastAfterMs: number | null;
  /** Over all workers, open and being made; `null`: no limit. The same holds for the next two. */
  readonly connectionsMax: number | null;
  /** Connections that are being made. */
  readonly pendingMax: number | null;
  /** Of each endpoint. */
  readonly endpointConnectionsMax: number | null;
  readonly keepalive: KeepaliveSnapshot | null;
  readonly userTimeoutMs: number | null;
  /** Its one endpoint stands for where each connection meant to go. */
  readonly originalDst: boolean;
  /** Outbound connections of transparent listeners that meant to go there belong to the cluster. */
  readonly destinations: readonly DestinationSnapshot[];
  readonly endpoints: readonly EndpointSnapshot[];
}

export interface DestinationSnapshot {
  /** An IP address; the port 0 stands for all ports. */
  readonly address: string;
  /** 0 to 32 or 128. */
  readonly prefixBits: number;
}

export interface EjectionSnapshot {
  /** Connect failures in a row, at least 1. */
  readonly consecutiveFailures: number;
  /** An endpoint that ends a connection so soon and has sent nothing closed it early; `null`: does not count. */
  readonly earlyCloseMs: number | null;
  readonly consecutiveEarlyCloses: number;
  /** Statuses of 500 and more, and lost responses, in a row; `null`: they do not count. */
  readonly consecutiveServerErrors: number | null;
  /** 1 to 100, of the requests of a window; `null`: it does not count. */
  readonly successPercentMin: number | null;
  /** A window with fewer requests says nothing. */
  readonly successRequestsMin: number;
  readonly successWindowMs: number;
  /** Until the first probe, and at most. */
  readonly baseTimeMs: number;
  readonly maxTimeMs: number;
  /** 0 to 100, of the endpoints of the cluster; one may always be ejected. */
  readonly sharePercentMax: number;
  /** 0 to 100: with fewer endpoints left than this, all may be picked. */
  readonly panicPercent: number;
}

/** Connects of the proxy's own, made by worker 0. */
export interface HealthCheckSnapshot {
  readonly type: 'tcp' | 'http';
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In a row, until an endpoint is unhealthy. */
  readonly consecutiveFailures: number;
  /** In a row, until it is healthy again. */
  readonly consecutiveSuccesses: number;
  /** Of `http`; else empty. */
  readonly path: string;
  /** Empty: the address of the endpoint. */
  readonly host: string;
}

export interface EndpointSnapshot {
  /** Stable for one address of one cluster for as long as the process lives. */
  readonly id: number;
  readonly address: string;
  /** 1 to 65535. */
  readonly weight: number;
  /** In the zone of this proxy. */
  readonly ownZone: boolean;
}

export interface ReleasedRun {
  readonly worker: number;
  /** Index of the directory slot. */
  readonly run: number;
  /** The generation that was read there; another one means that the slot has a new owner. */
  readonly generation: number;
}
