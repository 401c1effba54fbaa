// What a person writes. Generated from schema.ts by scripts/generate-config.mjs; change it there.

/** A length of time: `'250ms'`, `'5s'`, `'1h30m'`. Units: h, m, s, ms. */
export type Duration = string;

/** A number of bytes: `'64KiB'`, `'1MiB'`. Units: B, KiB, MiB, GiB, TiB. */
export type Size = string;

/** `'10.0.0.5:80'`, `'[::1]:80'` or `'unix:/run/app.sock'`; `localhost` is 127.0.0.1. */
export type AddressText = string;

export type WorkloadAddress = 'original' | 'loopback';

export type Direction = 'inbound' | 'outbound';

export type Protocol = 'detect' | 'opaque' | 'http1' | 'http2' | 'grpc' | 'tls';

export type Unrouted = 'refuse' | 'forward';

export type HttpPathMatchType = 'Exact' | 'PathPrefix' | 'RegularExpression';

export type HttpValueMatchType = 'Exact' | 'RegularExpression';

export type HttpFilterType =
  | 'RequestHeaderModifier'
  | 'ResponseHeaderModifier'
  | 'RequestRedirect'
  | 'URLRewrite'
  | 'RequestMirror'
  | 'DirectResponse'
  | 'FaultInjection'
  | 'RateLimit';

export type HttpScheme = 'http' | 'https';

export type HttpPathModifierType = 'ReplaceFullPath' | 'ReplacePrefixMatch';

export type HttpBackendFilterType = 'RequestHeaderModifier' | 'ResponseHeaderModifier';

export type HttpRetryOn = 'reset' | 'timeout';

export type HttpRetryMethods = 'idempotent' | 'all';

export type ForwardedHeader = 'x-forwarded' | 'forwarded';

export type BalancerType =
  | 'p2cEwma'
  | 'roundRobin'
  | 'leastConnections'
  | 'random'
  | 'ringHash'
  | 'maglev';

export type HashKeyWord = 'source' | 'path';

export type HashKeySource = 'header' | 'cookie';

export type ProxyProtocolVersion = 'v1' | 'v2';

export type HealthCheckType = 'tcp' | 'http';

export type DnsFamily = 'all' | 'ipv4' | 'ipv6';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export type LogFormat = 'auto' | 'json' | 'pretty';

export type AccessLogLines = 'all' | 'connections' | 'requests';

export type DrainListeners = 'close' | 'keep';

export type DrainOrder = 'inboundFirst' | 'together';

/** What a person writes in `weft.config.ts`. */
export interface UserConfig {
  /**
   * Threads that move bytes. A number of 1 to 256. Default: the CPUs that the process may use
   * (affinity and cgroup quota counted: more would only wait).
   */
  readonly workers?: number | undefined;

  /**
   * Where this proxy runs: an availability zone, a rack, a host. `null`: not known. Default: `null`
   * (without it no endpoint is near).
   */
  readonly zone?: string | null | undefined;

  /** Where connections come from. */
  readonly listeners: readonly ListenerConfig[];

  /**
   * Where connections go to, by name. May be left out when every listener is transparent. Default:
   * none (a sidecar passes connections on to where they meant to go).
   */
  readonly clusters?: Readonly<Record<string, ClusterConfig>> | undefined;

  /** How host names of endpoints are looked up. */
  readonly dns?: DnsConfig | undefined;

  /** Limits of the whole process. */
  readonly limits?: LimitsConfig | undefined;

  /** The admin server. `null`: no admin server. */
  readonly admin?: AdminConfig | null | undefined;

  /** How long metrics are shown. */
  readonly metrics?: MetricsConfig | undefined;

  /** What is written to stdout. */
  readonly log?: LogConfig | undefined;

  /** What happens on SIGTERM, and to what a reload removed. */
  readonly drain?: DrainConfig | undefined;
}

/** An address that Weft accepts connections on. */
export interface ListenerConfig {
  /**
   * The word for it in metrics, logs and the admin server. A reload knows a listener by its name.
   * Default: the listener's address (metrics and logs need a word for it).
   */
  readonly name?: string | undefined;

  /**
   * Where to listen. `0.0.0.0:80` is every IPv4 address, `[::]:80` every IPv6 and IPv4 one; with
   * port 0 the kernel chooses.
   */
  readonly address: AddressText;

  /**
   * The key in `clusters` that connections go to. A transparent listener needs none. Default: none
   * (redirected connections say where they go).
   */
  readonly cluster?: string | undefined;

  /**
   * Whether connections are redirected here by the rules of `weft init` and meant to go elsewhere.
   * Outbound ones go to the cluster that claims their destination (`destinations`), others to
   * `cluster`, or without it to the destination itself; inbound ones to `cluster`, or without it to
   * the port of the workload that they meant. Who was not redirected, or meant Weft itself, is
   * refused with the reason `loop`. Default: `false` (connections come on their own account).
   */
  readonly transparent?: boolean | undefined;

  /**
   * Where inbound connections of a transparent listener reach the workload: at the address that
   * they meant (`original`), or at `127.0.0.1` and `::1` (`loopback`). Default: `'original'` (what
   * the workload offers to this host alone stays closed to others).
   */
  readonly workloadAddress?: WorkloadAddress | undefined;

  /**
   * Relative to the workload beside this proxy: traffic to it is inbound, from it outbound.
   * Default: `'outbound'` (most explicit listeners lead away from the workload).
   */
  readonly direction?: Direction | undefined;

  /**
   * What connections carry. `detect` finds out from the first bytes; the other words skip that, and
   * `opaque` connects at once. Default: `'detect'` (the first bytes of each connection tell).
   */
  readonly protocol?: Protocol | undefined;

  /**
   * What connections to certain ports carry: more exact than the word of the cluster, which is more
   * exact than `protocol`. Default: none (no port needs to be listed).
   */
  readonly portProtocols?: readonly PortProtocolConfig[] | undefined;

  /**
   * When a client has been silent for so long, its cluster is connected to, because the server may
   * be the one that speaks first. A duration of 1ms to 10m. `null`: wait for the client. Default:
   * `'20ms'` (long for a client that speaks, short for a person).
   */
  readonly serverFirstAfter?: Duration | null | undefined;

  /**
   * A beginning that is undecided for so long is forwarded as opaque. A duration of 10ms to 10m.
   * Default: `'10s'` (whoever needs longer for a first line is no HTTP client).
   */
  readonly detectTimeout?: Duration | undefined;

  /**
   * Where connections with TLS go, by the name and the protocols in their ClientHello; TLS is
   * passed through as it is. The most exact name wins, whatever the order; of routes with the same
   * name, the first with a protocol that the client offers, then one without protocols. Default:
   * none (one cluster takes all).
   */
  readonly tlsRoutes?: readonly TlsRouteConfig[] | undefined;

  /**
   * What happens to TLS that no route fits: it is refused with the alert `unrecognized_name` and
   * the reason `tls_no_route`, or forwarded as without routes. Default: `'refuse'` (a name that
   * nobody serves is better told at once than by a wrong certificate).
   */
  readonly tlsUnrouted?: Unrouted | undefined;

  /** Where requests of HTTP go, by what they ask for. Default: none (one cluster takes all). */
  readonly httpRoutes?: readonly HttpRouteConfig[] | undefined;

  /**
   * What happens to a request that no route fits: it is answered with 404 and the reason
   * `no_route`, or goes where it would go without routes. Default: `'refuse'` (as a gateway does; a
   * mistake in a route shows).
   */
  readonly httpUnrouted?: Unrouted | undefined;

  /**
   * Accept headers of the PROXY protocol, which say on whose behalf a balancer connects. `null`: no
   * header is expected. Default: `null` (a header may only be believed of whom one knows).
   */
  readonly proxyProtocol?: AcceptedProxyProtocolConfig | null | undefined;

  /** Connections that carry HTTP. Default: `null` (each setting has a default of its own). */
  readonly http?: HttpListenerConfig | undefined;

  /**
   * Open connections of this listener; more are closed at once with the reason `listener_limit`. A
   * number of 1 to 10000000. Default: `limits.connectionsMax` (one listener may use all there is).
   */
  readonly connectionsMax?: number | undefined;

  /**
   * A connection that is silent both ways for so long is closed. A duration of 10ms to 576h.
   * `null`: a silent connection lives for ever. Default: `'1h'` (database pools keep silent
   * connections for long).
   */
  readonly idleTimeout?: Duration | null | undefined;

  /** TCP keepalive of these connections. `null`: no probes. */
  readonly keepalive?: KeepaliveConfig | null | undefined;

  /**
   * TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged. A duration of 1s to 576h.
   * `null`: the kernel decides. Default: `null` (it would also end a reader that pauses; the kernel
   * gives up in 15 min).
   */
  readonly userTimeout?: Duration | null | undefined;

  /**
   * Connections that the kernel holds until they are accepted. A number of 1 to 65535. Default:
   * `4096` (a burst waits here; net.core.somaxconn caps it at the same).
   */
  readonly backlog?: number | undefined;

  /**
   * Accept no IPv4 clients on a `[::]` address. Default: `false` ([::] serves IPv4 clients too).
   */
  readonly ipv6Only?: boolean | undefined;

  /**
   * Permission bits of a unix socket, octal as for chmod: `'0660'`. Default: `'0660'` (owner and
   * group; the folder decides about the rest).
   */
  readonly unixMode?: string | undefined;

  /**
   * Write a log line when a connection of this listener ends. Default: `log.accessLog` (one switch
   * for all, changed where it matters).
   */
  readonly accessLog?: boolean | undefined;
}

/** What connections to some ports carry. */
export interface PortProtocolConfig {
  /** One port or a range, both ends included: `'3306'`, `'8000-8100'`. */
  readonly ports: string;

  /** The same words as for a listener. */
  readonly protocol: Protocol;
}

/**
 * A TLSRoute of the Kubernetes Gateway API: names in a ClientHello, and where such connections go.
 */
export interface TlsRouteConfig {
  /**
   * Names that clients ask for (SNI): `'api.example.com'`, or `'*.example.com'` for all names that
   * end in `.example.com`, with any number of labels before it. Case does not matter. Default: all,
   * and none (a route without names is for all TLS).
   */
  readonly hostnames?: readonly string[] | undefined;

  /**
   * Protocols of which the client must offer one (ALPN): `['h2']`. Default: all, and none (most
   * servers choose the protocol themselves).
   */
  readonly alpn?: readonly string[] | undefined;

  /** Clusters that share these connections. */
  readonly backendRefs: readonly BackendRefConfig[];
}

/** A cluster and its share of the connections. */
export interface BackendRefConfig {
  /** The key in `clusters`. */
  readonly cluster: string;

  /**
   * Share of the connections relative to the other backends of the route; 0: none. A number of 0 to
   * 1000000. Default: `1` (backends share alike).
   */
  readonly weight?: number | undefined;
}

/**
 * An HTTPRoute of the Kubernetes Gateway API: which requests go where. Of all rules that fit a
 * request, the most exact one counts, whatever the order: by host, then by path (exact, regular
 * expression, longest prefix), by method, by number of headers and of query parameters; at last the
 * first one.
 */
export interface HttpRouteConfig {
  /** The word for it in metrics and logs. */
  readonly name: string;

  /**
   * Hosts that are asked for: `'shop.example.com'`, or `'*.example.com'` for all that end in
   * `.example.com`, with any number of labels before it. Case and port do not matter. Default: all,
   * and none (a route without names is for all hosts).
   */
  readonly hostnames?: readonly string[] | undefined;

  /** Which of these requests go where. */
  readonly rules: readonly HttpRuleConfig[];
}

/** Some requests of a route, and what happens to them. */
export interface HttpRuleConfig {
  /**
   * The word for it behind that of the route. Default: its place, when there are several (one rule
   * needs no word).
   */
  readonly name?: string | undefined;

  /**
   * Which requests; one of these fits. Default: every request (a rule without matches is for all
   * requests).
   */
  readonly matches?: readonly HttpMatchConfig[] | undefined;

  /** What happens to them on their way. Default: none (most requests go on as they came). */
  readonly filters?: readonly HttpFilterConfig[] | undefined;

  /**
   * Clusters that share them: exactly by weight, for each worker. Without one, and without a filter
   * that answers, they get 500. Default: none (a rule may answer by itself).
   */
  readonly backendRefs?: readonly HttpBackendRefConfig[] | undefined;

  /** How long a response may take. Default: `null` (each has a default of its own). */
  readonly timeouts?: HttpTimeoutsConfig | undefined;

  /**
   * What is tried again. `null`: nothing but a failed connect. Default: `null` (only its owner
   * knows what may be done twice).
   */
  readonly retry?: HttpRetryConfig | null | undefined;
}

/** What a request looks like. All of it must fit; of several matches of a rule, one. */
export interface HttpMatchConfig {
  /** What its path looks like. Default: all: the prefix `'/'` (as in the Gateway API). */
  readonly path?: HttpPathMatchConfig | undefined;

  /**
   * Fields that it must have. Several of one name are compared as one, with commas between them.
   * Default: any (a match looks at what it names).
   */
  readonly headers?: readonly HttpHeaderMatchConfig[] | undefined;

  /**
   * Parameters of the query that it must have, decoded. Of several with one name, the first counts.
   * Default: any (a match looks at what it names).
   */
  readonly queryParams?: readonly HttpQueryParamMatchConfig[] | undefined;

  /** Its method; case matters. Default: any (a match looks at what it names). */
  readonly method?: string | undefined;
}

/** What the path of a request looks like. */
export interface HttpPathMatchConfig {
  /**
   * Whether `value` is the whole path, some segments that it begins with, or a regular expression
   * (syntax of RE2) for the whole path. Default: `'PathPrefix'` (as in the Gateway API).
   */
  readonly type?: HttpPathMatchType | undefined;

  /** Without the query. */
  readonly value: string;
}

/** A field of the head. */
export interface HttpHeaderMatchConfig {
  /**
   * Whether `value` is the whole value, or a regular expression (syntax of RE2) for it. Default:
   * `'Exact'` (as in the Gateway API).
   */
  readonly type?: HttpValueMatchType | undefined;

  /** Its name; case does not matter. */
  readonly name: string;

  /** What it must be. */
  readonly value: string;
}

/** A parameter of the query. */
export interface HttpQueryParamMatchConfig {
  /**
   * Whether `value` is the whole value, or a regular expression (syntax of RE2) for it. Default:
   * `'Exact'` (as in the Gateway API).
   */
  readonly type?: HttpValueMatchType | undefined;

  /** Its name; case matters. */
  readonly name: string;

  /** What it must be. */
  readonly value: string;
}

/**
 * One thing that happens to requests of a rule on their way. The key that its `type` names is
 * there, and no other.
 */
export interface HttpFilterConfig {
  /** What happens. */
  readonly type: HttpFilterType;

  /** Of requests. Default: none (its type says which one is there). */
  readonly requestHeaderModifier?: HttpHeaderModifierConfig | undefined;

  /** Of responses of backends. Default: none (its type says which one is there). */
  readonly responseHeaderModifier?: HttpHeaderModifierConfig | undefined;

  /** No backend is asked. Default: none (its type says which one is there). */
  readonly requestRedirect?: HttpRedirectConfig | undefined;

  /** Of requests. Default: none (its type says which one is there). */
  readonly urlRewrite?: HttpUrlRewriteConfig | undefined;

  /**
   * Of requests. A rule may have several filters of this type. Default: none (its type says which
   * one is there).
   */
  readonly requestMirror?: HttpRequestMirrorConfig | undefined;

  /** No backend is asked. Default: none (its type says which one is there). */
  readonly directResponse?: HttpDirectResponseConfig | undefined;

  /** Of some requests. Default: none (its type says which one is there). */
  readonly faultInjection?: HttpFaultInjectionConfig | undefined;

  /** Of requests. Default: none (its type says which one is there). */
  readonly rateLimit?: HttpRateLimitConfig | undefined;
}

/** What changes in the fields of a head. */
export interface HttpHeaderModifierConfig {
  /** In place of those with the name. Default: none (only what is named changes). */
  readonly set?: readonly HttpHeaderConfig[] | undefined;

  /** Beside those with the name. Default: none (only what is named changes). */
  readonly add?: readonly HttpHeaderConfig[] | undefined;

  /** Names of fields that are left out. Default: none (only what is named changes). */
  readonly remove?: readonly string[] | undefined;
}

/** A field and its value. */
export interface HttpHeaderConfig {
  /** Case does not matter. */
  readonly name: string;

  /** Without control characters. */
  readonly value: string;
}

/** Where the client is sent. */
export interface HttpRedirectConfig {
  /** Of the new address. Default: the request's (what is not named stays). */
  readonly scheme?: HttpScheme | undefined;

  /** Of the new address. Default: the request's (what is not named stays). */
  readonly hostname?: string | undefined;

  /** Of the new address. Default: the request's (what is not named stays). */
  readonly path?: HttpPathModifierConfig | undefined;

  /**
   * Of the new address. With another scheme and no port, the usual one. A number of 1 to 65535.
   * Default: the request's (what is not named stays).
   */
  readonly port?: number | undefined;

  /**
   * Of the answer: 301, 302, 303, 307 or 308. A number of 301 to 308. Default: `302` (as in the
   * Gateway API; a browser asks again the next time).
   */
  readonly statusCode?: number | undefined;
}

/** What a path becomes; its query stays. */
export interface HttpPathModifierConfig {
  /** Whether the whole path is replaced, or the prefix that matched. */
  readonly type: HttpPathModifierType;

  /** The new path. Default: none (its type says which of the two is there). */
  readonly replaceFullPath?: string | undefined;

  /**
   * What stands in place of the prefix; a slash at its end makes no difference. Default: none (its
   * type says which of the two is there).
   */
  readonly replacePrefixMatch?: string | undefined;
}

/** What the backend is asked for. */
export interface HttpUrlRewriteConfig {
  /** In place of `Host`. Default: the request's (what is not named stays). */
  readonly hostname?: string | undefined;

  /** In place of the path. Default: the request's (what is not named stays). */
  readonly path?: HttpPathModifierConfig | undefined;
}

/**
 * Copies of requests for another cluster, whose responses are dropped. A request goes there when it
 * has come whole, if it has at most 64 KiB; nothing waits for it. `limits.mirrorsMax` bounds how
 * many are under way.
 */
export interface HttpRequestMirrorConfig {
  /** Who gets the copies. */
  readonly backendRef: HttpMirrorBackendRefConfig;

  /**
   * Of the requests, chosen by chance. A number of 0 to 100. Default: `100` (as in the Gateway
   * API).
   */
  readonly percent?: number | undefined;

  /** The same in finer steps. Default: none (a percentage says it in most cases). */
  readonly fraction?: HttpMirrorFractionConfig | undefined;

  /**
   * For a copy and its response. A duration of 1ms to 1h. Default: `'10s'` (what has no answer by
   * then holds memory for nothing).
   */
  readonly timeout?: Duration | undefined;
}

/** Who gets the copies. */
export interface HttpMirrorBackendRefConfig {
  /** The key in `clusters`. */
  readonly cluster: string;
}

/** A share of the requests. */
export interface HttpMirrorFractionConfig {
  /** So many. A number of 0 to 1000000. */
  readonly numerator: number;

  /** Of so many. A number of 1 to 1000000. Default: `100` (as in the Gateway API). */
  readonly denominator?: number | undefined;
}

/** An answer without a backend. */
export interface HttpDirectResponseConfig {
  /** Of the answer. A number of 200 to 599. Default: `200` (an answer that is none of an error). */
  readonly statusCode?: number | undefined;

  /** Of the answer. Default: `''` (a status may say all). */
  readonly body?: string | undefined;

  /** Of the body. Default: `'text/plain; charset=utf-8'` (never taken for a page). */
  readonly contentType?: string | undefined;
}

/** Failures on purpose, to see what clients do. */
export interface HttpFaultInjectionConfig {
  /** Requests that wait. Default: none (one of the two is enough). */
  readonly delay?: HttpFaultDelayConfig | undefined;

  /** Requests that fail. Default: none (one of the two is enough). */
  readonly abort?: HttpFaultAbortConfig | undefined;
}

/** Requests that wait before they go on. */
export interface HttpFaultDelayConfig {
  /** How long. A duration of 1ms to 1h. */
  readonly duration: Duration;

  /** Of the requests, chosen by chance. */
  readonly share: number;
}

/** Requests that are answered with an error. */
export interface HttpFaultAbortConfig {
  /** Of the answer. A number of 400 to 599. */
  readonly statusCode: number;

  /** Of the requests, chosen by chance. */
  readonly share: number;
}

/**
 * How many requests go on; more are answered with 429 and `retry-after`. Workers share the limit
 * out.
 */
export interface HttpRateLimitConfig {
  /** So many. A number of 1 to 1000000. */
  readonly requests: number;

  /** In so long. A duration of 1ms to 24h. Default: `'1s'` (what people mean by a rate). */
  readonly per?: Duration | undefined;

  /**
   * How many of them may come at once. A number of 1 to 1000000. Default: `requests` (a client may
   * use its share at once).
   */
  readonly burst?: number | undefined;
}

/** A cluster and its share of the requests. */
export interface HttpBackendRefConfig {
  /** The key in `clusters`. */
  readonly cluster: string;

  /**
   * Share of the requests relative to the other backends of the rule; 0: none. A number of 0 to
   * 1000000. Default: `1` (backends share alike).
   */
  readonly weight?: number | undefined;

  /**
   * What happens to requests to this backend only. Default: none (most requests go on as they
   * came).
   */
  readonly filters?: readonly HttpBackendFilterConfig[] | undefined;
}

/** What happens to requests to this backend, after the filters of the rule. */
export interface HttpBackendFilterConfig {
  /** What happens. */
  readonly type: HttpBackendFilterType;

  /** Of requests. Default: none (its type says which one is there). */
  readonly requestHeaderModifier?: HttpHeaderModifierConfig | undefined;

  /** Of responses. Default: none (its type says which one is there). */
  readonly responseHeaderModifier?: HttpHeaderModifierConfig | undefined;
}

/** How long a response may take; 504 when it has not begun. */
export interface HttpTimeoutsConfig {
  /**
   * From the request to the end of the response, over all attempts. A duration of 1ms to 576h.
   * `null`: for ever. Default: `null` (streams and downloads may take for ever).
   */
  readonly request?: Duration | null | undefined;

  /**
   * The same of one attempt. A duration of 1ms to 576h. `null`: for ever. Default: `null` (streams
   * and downloads may take for ever).
   */
  readonly backendRequest?: Duration | null | undefined;

  /**
   * From the end of the request to the head of its response. A duration of 1ms to 576h. `null`: for
   * ever. Default: `null` (only its owner knows how long a service thinks).
   */
  readonly responseHeaders?: Duration | null | undefined;
}

/**
 * What is tried again, on another endpoint if there is one, before a byte of a response has gone
 * on. A failed connect is tried again without this.
 */
export interface HttpRetryConfig {
  /**
   * So many times at most. A number of 1 to 10. Default: `1` (a second failure is seldom chance).
   */
  readonly attempts?: number | undefined;

  /**
   * Statuses of a response that is not passed on while another attempt is left. Default: none (a
   * response that came is an answer).
   */
  readonly codes?: readonly number[] | undefined;

  /**
   * Other failures: `reset`, the endpoint ended the connection without a response; `timeout`, an
   * attempt took longer than `timeouts.backendRequest` or `responseHeaders`. Default: `['reset']`
   * (a response that did not come is not always a failure).
   */
  readonly on?: readonly HttpRetryOn[] | undefined;

  /**
   * Which requests: `idempotent` ones, which may be done twice (GET, HEAD, OPTIONS, TRACE, PUT,
   * DELETE), or `all`. Default: `'idempotent'` (whoever pays twice complains).
   */
  readonly methods?: HttpRetryMethods | undefined;

  /**
   * How long to wait before the first; longer before each further one, and by chance. A duration of
   * 1ms to 1m. Default: `'25ms'` (as linkerd2-proxy: long enough for a restart of a connection).
   */
  readonly backoff?: Duration | undefined;

  /**
   * And at most. A response that asks for more time (`retry-after`) is passed on. A duration of 1ms
   * to 1m. Default: `'250ms'` (a client waits meanwhile).
   */
  readonly backoffMax?: Duration | undefined;
}

/** Headers of the PROXY protocol, version 1 or 2, that clients of some networks send first. */
export interface AcceptedProxyProtocolConfig {
  /**
   * Networks of the balancers in front whose headers are believed. Who comes from elsewhere is
   * served without one, and what it sends is payload.
   */
  readonly from: readonly string[];

  /**
   * A header that is not whole after so long ends the connection with the reason
   * `proxy_protocol_error`. A duration of 10ms to 10m. Default: `'5s'` (a lost first segment comes
   * again within 3 s).
   */
  readonly timeout?: Duration | undefined;

  /**
   * Whether who comes from these networks and sends no header is refused. `false` guesses: only
   * while a balancer is being changed. Default: `true` (what may be missing can be left out to hide
   * a source).
   */
  readonly required?: boolean | undefined;
}

/** How requests of HTTP/1 are read, and what answers of Weft itself say. */
export interface HttpListenerConfig {
  /**
   * From the first byte of the head of a request to its last; who takes longer gets 408. A duration
   * of 10ms to 10m. Default: `'10s'` (a client sends a head in one piece; who drips bytes attacks).
   */
  readonly headTimeout?: Duration | undefined;

  /**
   * Bytes of the head of a request; who sends more gets 431. A size of 1KiB to 96KiB. Default:
   * `'64KiB'` (large cookies fit; servers refuse far less).
   */
  readonly headBytesMax?: Size | undefined;

  /**
   * Fields of the head of a request; who sends more gets 431. A number of 8 to 256. Default: `128`
   * (browsers send fewer than thirty).
   */
  readonly headFieldsMax?: number | undefined;

  /**
   * Whether answers that Weft writes itself say why, in the header `weft-error`. Default: `true`
   * (who gets an error should see that it is none of the server).
   */
  readonly errorHeader?: boolean | undefined;

  /**
   * What requests are told of who sent them. `null`: nothing; what they say themselves goes on.
   * Default: `null` (most services do not ask who their clients are).
   */
  readonly forwarded?: ForwardedConfig | null | undefined;

  /**
   * How Weft calls itself in the header `via` of requests and responses. `null`: it does not.
   * Default: `null` (a sidecar is no stop on the way that anybody looks for).
   */
  readonly via?: string | null | undefined;

  /**
   * Header in which each request gets an id by chance, unless it came with one. `null`: none.
   * Default: `null` (tracing has ids of its own).
   */
  readonly requestId?: string | null | undefined;
}

/** What requests are told of who sent them, in headers that Weft writes. */
export interface ForwardedConfig {
  /**
   * Which: `x-forwarded` stands for `x-forwarded-for`, `x-forwarded-proto` and `x-forwarded-host`,
   * `forwarded` for the header of RFC 7239. Default: `['x-forwarded']` (what most servers read).
   */
  readonly headers?: readonly ForwardedHeader[] | undefined;

  /**
   * Networks whose clients are believed what they say of others in these headers: Weft adds to it.
   * What others say there is removed. Default: nobody (who is not known is not believed).
   */
  readonly from?: readonly string[] | undefined;
}

/** TCP keepalive: finds peers that vanished. */
export interface KeepaliveConfig {
  /**
   * Silence before the first probe. A duration of 1s to 9h6m7s, whole seconds. Default: `'1m'`
   * (most NAT tables forget an idle flow after minutes).
   */
  readonly idle?: Duration | undefined;

  /**
   * Time between probes. A duration of 1s to 9h6m7s, whole seconds. Default: `'10s'` (with six
   * probes a dead peer is found within two minutes).
   */
  readonly interval?: Duration | undefined;

  /**
   * Probes without an answer until the connection counts as lost. A number of 1 to 127. Default:
   * `6` (a minute of lost packets is not yet a dead peer).
   */
  readonly probes?: number | undefined;
}

/** Interchangeable endpoints with one balancer. */
export interface ClusterConfig {
  /** Addresses and host names with a port, or objects with an address and a weight. */
  readonly endpoints: readonly (AddressText | EndpointConfig)[];

  /**
   * Original destinations of outbound connections that belong to this cluster, for transparent
   * listeners: `'10.96.0.10:80'`, `'10.1.0.0/16'`, `'10.1.0.0/16:80'`, `'[fd00::/8]:80'`,
   * `'*:5432'`. Without a port all ports are meant. The longest network wins; of equal ones, the
   * one with a port. Default: none (listeners name their cluster).
   */
  readonly destinations?: readonly string[] | undefined;

  /**
   * Who chooses the endpoint: of two random ones the better (`p2cEwma`), each in turn
   * (`roundRobin`), the one with the fewest connections (`leastConnections`), or chance (`random`);
   * or one endpoint for all connections of a source address (`ringHash`, `maglev`). All respect
   * weights. Default: `'p2cEwma'` (finds the fast endpoint, and no worker needs to know another).
   */
  readonly balancer?: BalancerType | BalancerConfig | undefined;

  /**
   * How long the share of an endpoint grows that is new or came back. Not with `ringHash` and
   * `maglev`. `null`: it has its whole share at once. Default: `null` (most servers are ready when
   * they accept).
   */
  readonly slowStart?: Duration | SlowStartConfig | null | undefined;

  /**
   * The zone of those endpoints that name none. `null`: not known. Default: `null` (an endpoint may
   * say it by itself).
   */
  readonly zone?: string | null | undefined;

  /**
   * Endpoints in the zone of this proxy are preferred when it has a `zone`. `null`: zones make no
   * difference.
   */
  readonly zonePreference?: ZonePreferenceConfig | null | undefined;

  /**
   * What every connection to it carries, on listeners whose ports do not say otherwise. Default:
   * the listener's (whoever connects tells).
   */
  readonly protocol?: Protocol | undefined;

  /**
   * How long one attempt to connect may take. A duration of 1ms to 10m. Default: `1s`; `300ms` when
   * only inbound listeners use the cluster (the workload is on this host).
   */
  readonly connectTimeout?: Duration | undefined;

  /**
   * Endpoints tried for one connection before it is given up. A number of 1 to 100. Default: `3`
   * (two endpoints may be dead before a client notices).
   */
  readonly connectAttemptsMax?: number | undefined;

  /**
   * Send a header of the PROXY protocol first on every connection: on whose behalf it is. What came
   * with a header is passed on. `null`: no header. Default: `null` (an endpoint that expects none
   * takes it for a request).
   */
  readonly proxyProtocol?: ProxyProtocolVersion | null | undefined;

  /** When an endpoint that fails is avoided. `null`: never; each connection finds out by itself. */
  readonly ejection?: EjectionConfig | null | undefined;

  /**
   * Ask the endpoints how they are. `null`: they are not asked. Default: `null` (connections find
   * out what fails; a check finds it before them).
   */
  readonly healthCheck?: HealthCheckConfig | null | undefined;

  /** Connections that carry HTTP. Default: `null` (each setting has a default of its own). */
  readonly http?: HttpClusterConfig | undefined;

  /**
   * Without a usable endpoint for so long, connections are closed at once with the reason
   * `fail_fast` until a probe finds one. A duration of 1ms to 576h. `null`: each connection tries.
   * Default: `'3s'` (by then a restart would have shown).
   */
  readonly failFastAfter?: Duration | null | undefined;

  /**
   * Connections to the cluster, open ones and those that are being made, over all workers; more are
   * closed at once with the reason `cluster_limit`, and requests wait (`http.queueMax`). A number
   * of 1 to 10000000. `null`: no limit. Default: `null` (only its owner knows what a cluster can
   * carry).
   */
  readonly connectionsMax?: number | null | undefined;

  /**
   * Connections to the cluster that are being made, over all workers; more are closed at once with
   * the reason `pending_limit`, and requests wait (`http.queueMax`). A number of 1 to 10000000.
   * `null`: no limit. Default: `null` (`connectTimeout` and `failFastAfter` bound what waits).
   */
  readonly pendingMax?: number | null | undefined;

  /**
   * Connections to each endpoint, as `connectionsMax`. An endpoint that has so many is not picked;
   * when none has room, the connection is closed at once with the reason `endpoint_limit`, and
   * requests wait (`http.queueMax`). A number of 1 to 10000000. `null`: no limit. Default: `null`
   * (only its owner knows what a server can carry).
   */
  readonly endpointConnectionsMax?: number | null | undefined;

  /** TCP keepalive of these connections. `null`: no probes. */
  readonly keepalive?: KeepaliveConfig | null | undefined;

  /**
   * TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged. A duration of 1s to 576h.
   * `null`: the kernel decides. Default: `null` (it would also end a reader that pauses; the kernel
   * gives up in 15 min).
   */
  readonly userTimeout?: Duration | null | undefined;
}

/** One address of a cluster. */
export interface EndpointConfig {
  /**
   * Where to connect: an address, or a host name with a port, which stands for all of its addresses
   * (see `dns`). `localhost` is 127.0.0.1.
   */
  readonly address: AddressText;

  /**
   * Share of the connections relative to the other endpoints. A number of 1 to 65535. Default: `1`
   * (equal shares).
   */
  readonly weight?: number | undefined;

  /**
   * Where it runs: the same word as in `zone`. `null`: not known. Default: `zone` of the cluster
   * (most clusters lie in one zone).
   */
  readonly zone?: string | null | undefined;
}

/** A balancer with settings of its own. */
export interface BalancerConfig {
  /** The same words as in the short form. */
  readonly type: BalancerType;

  /**
   * Connect time that an endpoint is taken to have before it was measured. Only `p2cEwma`. A
   * duration of 1ms to 1m. Default: `'30ms'` (an endpoint not measured yet counts as decent, not as
   * free).
   */
  readonly rttDefault?: Duration | undefined;

  /**
   * How long a measurement counts. Only `p2cEwma`. A duration of 100ms to 1h. Default: `'10s'` (a
   * slow spell is forgotten after some ten seconds).
   */
  readonly decay?: Duration | undefined;

  /**
   * An endpoint takes no more than so many times the average of open connections, as each worker
   * counts them, by weight; what is over goes to the next in the table. Only `ringHash` and
   * `maglev`. `null`: no bound. Default: `null` (affinity comes first).
   */
  readonly loadBound?: number | null | undefined;

  /**
   * What belongs to one endpoint: the address of a client (`source`), the path of a request without
   * its query, a header or a cookie. Connections that carry no HTTP have a source only. Only
   * `ringHash` and `maglev`. Default: `'source'` (every connection has one).
   */
  readonly key?: HashKeyWord | HashKeyConfig | undefined;
}

/** Something that a request of HTTP says. */
export interface HashKeyConfig {
  /** Where it is. Requests without it go to any endpoint. */
  readonly from: HashKeySource;

  /** Of the header or the cookie. */
  readonly name: string;

  /**
   * Of the cookie that a client without one is given, with a value by chance. A duration of 1s to
   * 576h. `null`: until the client ends its session. Default: `null` (a browser keeps it as long as
   * its window).
   */
  readonly maxAge?: Duration | null | undefined;
}

/**
 * The share of an endpoint that is new or came back grows with time. Endpoints that a cluster
 * begins with are not new.
 */
export interface SlowStartConfig {
  /** Until it has its whole share. A duration of 100ms to 1h. */
  readonly window: Duration;

  /** Part of its share that it begins with. Default: `0.1` (enough connections to warm up with). */
  readonly minShare?: number | undefined;
}

/** When connections leave the zone of this proxy. Needs `zone`. */
export interface ZonePreferenceConfig {
  /**
   * While at least this part of the endpoints in the own zone is usable, by weight, all connections
   * stay; below, the part that is missing goes to other zones. Default: `0.7` (what is left can
   * carry the whole with the usual reserve of a third).
   */
  readonly minUsableShare?: number | undefined;

  /**
   * With fewer usable endpoints in the own zone all connections go to other zones. A number of 1 to
   * 65535. Default: `1` (one endpoint may serve a small zone).
   */
  readonly minUsableCount?: number | undefined;
}

/**
 * When an endpoint is taken out of the balancer after failures. A connect of our own, not that of a
 * client, finds out when it is back.
 */
export interface EjectionConfig {
  /**
   * Failed connects in a row, as each worker counts them. A number of 1 to 1000. Default: `1` (the
   * connection goes to another endpoint anyway).
   */
  readonly consecutiveFailures?: number | undefined;

  /**
   * An endpoint that ends a connection within so long, before the client did and without having
   * sent a byte, closed it early. A duration of 1ms to 1h. `null`: early closes do not count.
   * Default: `null` (some servers close early and mean it).
   */
  readonly earlyClose?: Duration | null | undefined;

  /**
   * Early closes in a row that eject the endpoint. A number of 1 to 1000. Default: `5` (one client
   * in trouble is not yet a dead endpoint).
   */
  readonly consecutiveEarlyCloses?: number | undefined;

  /**
   * Requests of HTTP in a row that got a status of 500 or more, or no response, as each worker
   * counts them. A number of 1 to 1000000. `null`: they do not count. Default: `null` (one broken
   * page is not yet a broken server).
   */
  readonly consecutiveServerErrors?: number | null | undefined;

  /**
   * An endpoint is ejected when a smaller share of the requests of `successWindow` succeeded.
   * `null`: it does not count. Default: `null` (only its owner knows how often a service fails).
   */
  readonly minSuccessRate?: number | null | undefined;

  /**
   * Fewer requests in a window, as each worker counts them, say nothing. Only with
   * `minSuccessRate`. A number of 1 to 1000000. Default: `20` (a few failures are chance).
   */
  readonly minRequests?: number | undefined;

  /**
   * How long requests are counted. Only with `minSuccessRate`. A duration of 100ms to 1h. Default:
   * `'10s'` (long enough to count, short enough to act).
   */
  readonly successWindow?: Duration | undefined;

  /**
   * Until the first probe; doubled with each one in vain and each further ejection, less up to a
   * quarter. A duration of 1ms to 1h. Default: `'500ms'` (a restarting endpoint is soon found).
   */
  readonly baseTime?: Duration | undefined;

  /**
   * Between two probes at most. A duration of 1ms to 1h. Default: `'10s'` (a probe in ten seconds
   * costs an endpoint nothing).
   */
  readonly maxTime?: Duration | undefined;

  /**
   * Part of the endpoints that may be ejected at once; one always may. Default: `0.5` (the other
   * half must carry the load of all).
   */
  readonly maxShare?: number | undefined;

  /**
   * When a smaller part of the endpoints is left, connections go to all of them again. None left is
   * always a panic. Default: `0` (an endpoint that is left answers; one that is ejected does not).
   */
  readonly panicThreshold?: number | undefined;
}

/** Endpoints are asked at intervals how they are, before a connection finds out. */
export interface HealthCheckConfig {
  /**
   * How they are asked: by a connect (`tcp`), or by a GET of HTTP/1.1 (`http`), where a status of
   * 200 to 399 is a good answer. Default: `'tcp'` (every server accepts connections).
   */
  readonly type?: HealthCheckType | undefined;

  /** What is asked for. Only `http`. Default: `'/'` (every server has it). */
  readonly path?: string | undefined;

  /**
   * The header Host. Only `http`. Default: the address of the endpoint (most checks do not look at
   * it).
   */
  readonly host?: string | undefined;

  /**
   * Between two questions to one endpoint, less or more up to a tenth. A duration of 100ms to 1h.
   * Default: `'10s'` (a connect in ten seconds costs an endpoint nothing).
   */
  readonly interval?: Duration | undefined;

  /**
   * An answer that takes longer is none. A duration of 1ms to 1m. Default: `'1s'` (who takes longer
   * to accept is in trouble).
   */
  readonly timeout?: Duration | undefined;

  /**
   * Questions in a row without an answer until the endpoint is not picked any more. A number of 1
   * to 1000. Default: `3` (one lost packet is not yet a dead endpoint).
   */
  readonly consecutiveFailures?: number | undefined;

  /**
   * Answers in a row until it is picked again. A number of 1 to 1000. Default: `1` (it accepts
   * connections).
   */
  readonly consecutiveSuccesses?: number | undefined;
}

/** Connections to endpoints that wait for the next request. */
export interface HttpClusterConfig {
  /**
   * A connection without a request is closed after so long. A duration of 10ms to 1h. Default:
   * `'3s'` (shorter than that of servers, who close in the middle of a request).
   */
  readonly idleTimeout?: Duration | undefined;

  /**
   * Connections without a request to one endpoint, for each worker; more are closed. A number of 0
   * to 1000000. Default: `10000` (a bound; the timeout keeps it far below).
   */
  readonly idleMax?: number | undefined;

  /**
   * A connection that is older, give or take a tenth, serves no further request. A duration of
   * 100ms to 168h. `null`: as long as it works. Default: `null` (a connection that works is not
   * made anew).
   */
  readonly ageMax?: Duration | null | undefined;

  /**
   * Requests of each worker that wait for a connection while a limit of the cluster stands against
   * a new one, the first first; more are answered 503 at once. A number of 0 to 1000000. Default:
   * `1024` (a burst fits in; what stands longer in line than it takes to retry is lost work).
   */
  readonly queueMax?: number | undefined;

  /**
   * How long such a request waits before it is answered 503, with the limit as the reason. A
   * duration of 1ms to 10m. Default: `'1s'` (most connections come free sooner, and callers have
   * not given up yet).
   */
  readonly queueTimeout?: Duration | undefined;
}

/** How host names of endpoints are looked up. */
export interface DnsConfig {
  /**
   * Name servers to ask, in this order: `10.0.0.53` or `10.0.0.53:5353`. Default: those of
   * `/etc/resolv.conf` (the resolver of the host knows its names).
   */
  readonly servers?: readonly string[] | undefined;

  /**
   * Which addresses of a name are endpoints: `all` (A and AAAA), `ipv4` or `ipv6`. Default: `'all'`
   * (endpoints that cannot be reached are avoided anyway).
   */
  readonly family?: DnsFamily | undefined;

  /**
   * A name is asked for again when the time to live of its records is over, but not sooner than
   * this. It is the interval for names in the hosts file, too. A duration of 1s to 24h. Default:
   * `'5s'` (a record with a TTL of 0 must not become a flood of questions).
   */
  readonly ttlMin?: Duration | undefined;

  /**
   * And not later than this. A duration of 1s to 24h. Default: `'1h'` (a record that was wrong for
   * a moment is not wrong for a day).
   */
  readonly ttlMax?: Duration | undefined;

  /**
   * How long an answer counts that a name does not exist or has no address. A duration of 1s to
   * 24h. Default: `'10s'` (a service that is about to appear is found soon).
   */
  readonly negativeTtl?: Duration | undefined;

  /**
   * How long one lookup may take, with all servers, tries and search domains. Then the last
   * addresses stay and it is tried again after 1 s, 2 s and so on up to 30 s. A duration of 100ms
   * to 1m. Default: `'5s'` (two tries at two servers; as in the C library).
   */
  readonly timeout?: Duration | undefined;

  /**
   * Lookups that may be under way at once; more wait their turn. A number of 1 to 1000. Default:
   * `16` (a start with 1,000 names is no burst that a resolver would drop).
   */
  readonly lookupsMax?: number | undefined;

  /**
   * Addresses of one name that become endpoints, the first in their order; more are left out and
   * logged. A number of 1 to 4096. Default: `1000` (more than a service has; an answer can hold
   * four thousand).
   */
  readonly recordsMax?: number | undefined;
}

/** Limits of the whole process; workers share them out. */
export interface LimitsConfig {
  /**
   * Open connections of all listeners; more are closed at once with the reason `connection_limit`.
   * A number of 1 to 10000000. Default: `100000` (needs 200,000 descriptors; the kernel often stops
   * earlier).
   */
  readonly connectionsMax?: number | undefined;

  /**
   * Requests of HTTP under way; more are answered with 503 and the reason `load_shed`. A number of
   * 1 to 10000000. Default: `100000` (more wait in vain: answering some is better than none).
   */
  readonly requestsMax?: number | undefined;

  /**
   * Copies of requests under way; of more requests there is none. 0: nothing is copied. A number of
   * 0 to 100000. Default: `256` (with 64 KiB each they hold 16 MiB at most).
   */
  readonly mirrorsMax?: number | undefined;

  /**
   * Bytes held for readers that are slower than their writers. At the limit the connection that
   * needs more is closed with the reason `buffer_limit`. A size of 1MiB to 1TiB. Default:
   * `'256MiB'` (slow readers cannot take the whole memory of a pod).
   */
  readonly bufferedBytesMax?: Size | undefined;

  /**
   * Kernel pipes for bulk transfers by splice. 0: always copy. A number of 0 to 65536. Default:
   * `16` (a quarter of the pipe pages that one uid has on a host).
   */
  readonly pipeCountMax?: number | undefined;

  /**
   * Capacity asked for each pipe; where the kernel gives less, bytes are copied. A size of 64KiB to
   * 64MiB. Default: `'1MiB'` (splice pays from 512 KiB on; 1 MiB is the unprivileged maximum).
   */
  readonly pipeBytes?: Size | undefined;
}

/** The server for health, metrics and debugging. */
export interface AdminConfig {
  /**
   * Where it listens. What changes state answers on loopback only. Default: `'127.0.0.1:4191'` (the
   * port of other meshes; this host only).
   */
  readonly address?: AddressText | undefined;

  /** Allow `POST /shutdown`. Default: `false` (nobody ends a proxy by accident). */
  readonly shutdown?: boolean | undefined;
}

/** How long metrics are shown. */
export interface MetricsConfig {
  /**
   * A listener or endpoint that left the configuration, or the answers of a name server, keeps its
   * series until it has no open connection and has counted nothing for so long. A duration of 10s
   * to 24h. Default: `'10m'` (a scrape a minute sees the last value several times).
   */
  readonly expireAfter?: Duration | undefined;
}

/** What is written to stdout. */
export interface LogConfig {
  /**
   * The least important lines that are written. Default: `'info'` (changes of state, never single
   * connections).
   */
  readonly level?: LogLevel | undefined;

  /**
   * JSON lines or readable ones. Default: `'auto'` (readable lines on a terminal, JSON elsewhere).
   */
  readonly format?: LogFormat | undefined;

  /**
   * Write a line for each connection and each request of HTTP that ends, on listeners that do not
   * say otherwise; or where to and which. Default: `false` (a line for each connection costs CPU
   * and disk).
   */
  readonly accessLog?: boolean | AccessLogConfig | undefined;
}

/** Where access-log lines go, and which. */
export interface AccessLogConfig {
  /**
   * Whether listeners that do not say otherwise write lines. Default: `true` (who says where lines
   * go wants them).
   */
  readonly enabled?: boolean | undefined;

  /**
   * Where lines go: `'stdout'`, with the log, or the absolute path of a file that lines are
   * appended to. SIGHUP opens the file anew: rename it first. Default: `'stdout'` (what containers
   * collect).
   */
  readonly to?: string | undefined;

  /**
   * How a line looks: `'json'`, or a format of your own with fields in braces: `'{started}
   * {downstreamAddress} {endpoint} {closeReason}'`. The fields are in docs/operations.md. Default:
   * `'json'` (no field can be taken for another).
   */
  readonly format?: string | undefined;

  /**
   * The same for lines of requests of HTTP: `'{method} {host}{path} {status} {durationUs}'`.
   * Default: `'json'` (no field can be taken for another).
   */
  readonly requestFormat?: string | undefined;

  /**
   * Which lines are written: one for each connection, one for each request of HTTP, or both.
   * Default: `'all'` (a connection tells what no request does).
   */
  readonly lines?: AccessLogLines | undefined;

  /**
   * Share of the connections that are written, chosen by their id. Default: `1` (every connection,
   * until that is too many).
   */
  readonly sample?: number | undefined;
}

/** What happens on SIGTERM, and to what a reload removed. */
export interface DrainConfig {
  /**
   * What is still open then is reset. A duration of 0s to 576h. Default: `'2m'` (long requests end;
   * longer than that is stuck).
   */
  readonly deadline?: Duration | undefined;

  /**
   * Whether listeners close at once or go on accepting until the deadline. Default: `'close'` (new
   * clients go elsewhere at once).
   */
  readonly listeners?: DrainListeners | undefined;

  /**
   * Whether outbound listeners stay open while inbound connections finish (`inboundFirst`), or all
   * close at once (`together`). Only with `listeners: 'close'`. Default: `'inboundFirst'` (what
   * came in is finished by calls that go out).
   */
  readonly order?: DrainOrder | undefined;

  /**
   * Outbound listeners stay open for so long, also when no inbound connection is left: for work
   * that no connection shows. A duration of 0s to 576h. Default: `'0s'` (nothing left that came in
   * is taken for nothing left to do).
   */
  readonly outboundOpenMin?: Duration | undefined;

  /**
   * Outbound listeners close after so long, also when inbound connections are left. A duration of
   * 0s to 576h. Default: nine tenths of `drain.deadline` (the last connections out need time to
   * finish as well).
   */
  readonly outboundOpenMax?: Duration | undefined;
}
