// Every default of the configuration, once: unit in the name, reason beside it. docs/configuration.md prints
// the reasons. Computed ones have the value null and say in `text` how they come about.

export interface Default<Value> {
  readonly value: Value;
  readonly reason: string;
  /** What to print where the value alone does not say it. */
  readonly text: string | null;
}

function because<const Value>(
  value: Value,
  reason: string,
  text: string | null = null,
): Default<Value> {
  return { value, reason, text };
}

const allCpus = 'the CPUs that the process may use';
const ownAddress = "the listener's address";
const resolvConf = 'those of `/etc/resolv.conf`';
const allConnections = '`limits.connectionsMax`';
const byDirection = '`1s`; `300ms` when only inbound listeners use the cluster';

export const defaults = {
  workerCount: because(null, 'affinity and cgroup quota counted: more would only wait', allCpus),
  zone: because(null, 'without it no endpoint is near'),

  listenerName: because(null, 'metrics and logs need a word for it', ownAddress),
  listenerDirection: because('outbound', 'most explicit listeners lead away from the workload'),
  listenerCluster: because(null, 'redirected connections say where they go', 'none'),
  listenerTransparent: because(false, 'connections come on their own account'),
  listenerWorkloadAddress: because(
    'original',
    'what the workload offers to this host alone stays closed to others',
  ),
  listenerProtocol: because('detect', 'the first bytes of each connection tell'),
  listenerPortProtocols: because(null, 'no port needs to be listed', 'none'),
  listenerServerFirstAfterMs: because(20, 'long for a client that speaks, short for a person'),
  listenerDetectTimeoutMs: because(
    10_000,
    'whoever needs longer for a first line is no HTTP client',
  ),
  listenerTlsRoutes: because(null, 'one cluster takes all', 'none'),
  listenerTlsUnrouted: because(
    'refuse',
    'a name that nobody serves is better told at once than by a wrong certificate',
  ),
  listenerHttpRoutes: because(null, 'one cluster takes all', 'none'),
  listenerHttpUnrouted: because('refuse', 'as a gateway does; a mistake in a route shows'),
  listenerProxyProtocol: because(null, 'a header may only be believed of whom one knows'),
  listenerConnectionsMax: because(null, 'one listener may use all there is', allConnections),
  listenerIdleTimeoutMs: because(3_600_000, 'database pools keep silent connections for long'),
  listenerBacklogCount: because(
    4_096,
    'a burst waits here; net.core.somaxconn caps it at the same',
  ),
  listenerIpv6Only: because(false, '[::] serves IPv4 clients too'),
  listenerUnixMode: because(0o660, 'owner and group; the folder decides about the rest'),
  listenerAccessLog: because(
    null,
    'one switch for all, changed where it matters',
    '`log.accessLog`',
  ),

  tlsRouteHostnames: because(null, 'a route without names is for all TLS', 'all, and none'),
  tlsRouteAlpn: because(null, 'most servers choose the protocol themselves', 'all, and none'),
  backendWeight: because(1, 'backends share alike'),

  routeHostnames: because(null, 'a route without names is for all hosts', 'all, and none'),
  ruleName: because(null, 'one rule needs no word', 'its place, when there are several'),
  ruleMatches: because(null, 'a rule without matches is for all requests', 'every request'),
  ruleFilters: because(null, 'most requests go on as they came', 'none'),
  ruleBackendRefs: because(null, 'a rule may answer by itself', 'none'),
  ruleTimeouts: because(null, 'each has a default of its own'),
  ruleRetry: because(null, 'only its owner knows what may be done twice'),
  pathMatchType: because('PathPrefix', 'as in the Gateway API'),
  valueMatchType: because('Exact', 'as in the Gateway API'),
  matchPath: because(null, 'as in the Gateway API', "all: the prefix `'/'`"),
  matchHeaders: because(null, 'a match looks at what it names', 'any'),
  matchQueryParams: because(null, 'a match looks at what it names', 'any'),
  matchMethod: because(null, 'a match looks at what it names', 'any'),
  modifierList: because(null, 'only what is named changes', 'none'),
  pathReplacement: because(null, 'its type says which of the two is there', 'none'),
  redirectPart: because(null, 'what is not named stays', "the request's"),
  redirectStatus: because(302, 'as in the Gateway API; a browser asks again the next time'),
  rewritePart: because(null, 'what is not named stays', "the request's"),
  directStatus: because(200, 'an answer that is none of an error'),
  directBody: because('', 'a status may say all'),
  directContentType: because('text/plain; charset=utf-8', 'never taken for a page'),
  mirrorPercent: because(100, 'as in the Gateway API'),
  mirrorFraction: because(null, 'a percentage says it in most cases', 'none'),
  mirrorDenominator: because(100, 'as in the Gateway API'),
  mirrorTimeoutMs: because(10_000, 'what has no answer by then holds memory for nothing'),
  faultPart: because(null, 'one of the two is enough', 'none'),
  rateLimitPerMs: because(1_000, 'what people mean by a rate'),
  rateLimitBurst: because(null, 'a client may use its share at once', '`requests`'),
  filterPart: because(null, 'its type says which one is there', 'none'),
  requestTimeoutMs: because(null, 'streams and downloads may take for ever'),
  backendRequestTimeoutMs: because(null, 'streams and downloads may take for ever'),
  responseHeadersTimeoutMs: because(null, 'only its owner knows how long a service thinks'),
  retryAttempts: because(1, 'a second failure is seldom chance'),
  retryCodes: because(null, 'a response that came is an answer', 'none'),
  retryOn: because(null, 'a response that did not come is not always a failure', "`['reset']`"),
  retryMethods: because('idempotent', 'whoever pays twice complains'),
  retryBackoffMs: because(25, 'as linkerd2-proxy: long enough for a restart of a connection'),
  retryBackoffMaxMs: because(250, 'a client waits meanwhile'),

  proxyProtocolTimeoutMs: because(5_000, 'a lost first segment comes again within 3 s'),
  proxyProtocolRequired: because(true, 'what may be missing can be left out to hide a source'),

  listenerHttp: because(null, 'each setting has a default of its own'),
  httpHeadTimeoutMs: because(10_000, 'a client sends a head in one piece; who drips bytes attacks'),
  httpHeadBytesMax: because(65_536, 'large cookies fit; servers refuse far less'),
  httpHeadFieldsMax: because(128, 'browsers send fewer than thirty'),
  httpErrorHeader: because(true, 'who gets an error should see that it is none of the server'),
  httpForwarded: because(null, 'most services do not ask who their clients are'),
  forwardedHeaders: because(null, 'what most servers read', "`['x-forwarded']`"),
  forwardedFrom: because(null, 'who is not known is not believed', 'nobody'),
  httpVia: because(null, 'a sidecar is no stop on the way that anybody looks for'),
  httpRequestId: because(null, 'tracing has ids of its own'),
  clusterHttp: because(null, 'each setting has a default of its own'),
  httpIdleTimeoutMs: because(
    3_000,
    'shorter than that of servers, who close in the middle of a request',
  ),
  httpIdleMax: because(10_000, 'a bound; the timeout keeps it far below'),
  httpAgeMaxMs: because(null, 'a connection that works is not made anew'),
  httpQueueMax: because(
    1_024,
    'a burst fits in; what stands longer in line than it takes to retry is lost work',
  ),
  httpQueueTimeoutMs: because(
    1_000,
    'most connections come free sooner, and callers have not given up yet',
  ),

  keepaliveIdleMs: because(60_000, 'most NAT tables forget an idle flow after minutes'),
  keepaliveIntervalMs: because(10_000, 'with six probes a dead peer is found within two minutes'),
  keepaliveProbesMax: because(6, 'a minute of lost packets is not yet a dead peer'),
  userTimeoutMs: because(
    null,
    'it would also end a reader that pauses; the kernel gives up in 15 min',
  ),

  clusters: because(null, 'a sidecar passes connections on to where they meant to go', 'none'),
  clusterDestinations: because(null, 'listeners name their cluster', 'none'),
  clusterProxyProtocol: because(null, 'an endpoint that expects none takes it for a request'),
  clusterProtocol: because(null, 'whoever connects tells', "the listener's"),
  clusterBalancer: because(
    'p2cEwma',
    'finds the fast endpoint, and no worker needs to know another',
  ),
  ewmaRttDefaultMs: because(30, 'an endpoint not measured yet counts as decent, not as free'),
  ewmaDecayMs: because(10_000, 'a slow spell is forgotten after some ten seconds'),
  hashLoadBound: because(null, 'affinity comes first', '`null`'),
  hashKey: because('source', 'every connection has one'),
  hashCookieMaxAgeMs: because(null, 'a browser keeps it as long as its window'),
  slowStart: because(null, 'most servers are ready when they accept', '`null`'),
  slowStartMinShare: because(0.1, 'enough connections to warm up with'),
  zoneUsableShareMin: because(
    0.7,
    'what is left can carry the whole with the usual reserve of a third',
  ),
  zoneUsableCountMin: because(1, 'one endpoint may serve a small zone'),
  clusterZone: because(null, 'an endpoint may say it by itself', '`null`'),
  clusterConnectTimeoutOutboundMs: because(1_000, 'a lost SYN is sent again after one second'),
  clusterConnectTimeoutInboundMs: because(300, 'the workload is on this host', byDirection),
  clusterConnectAttemptsMax: because(3, 'two endpoints may be dead before a client notices'),
  ejectionConsecutiveFailures: because(1, 'the connection goes to another endpoint anyway'),
  ejectionEarlyCloseMs: because(null, 'some servers close early and mean it'),
  ejectionConsecutiveEarlyCloses: because(5, 'one client in trouble is not yet a dead endpoint'),
  ejectionConsecutiveServerErrors: because(null, 'one broken page is not yet a broken server'),
  ejectionMinSuccessRate: because(null, 'only its owner knows how often a service fails'),
  ejectionMinRequests: because(20, 'a few failures are chance'),
  ejectionSuccessWindowMs: because(10_000, 'long enough to count, short enough to act'),
  ejectionBaseTimeMs: because(500, 'a restarting endpoint is soon found'),
  ejectionMaxTimeMs: because(10_000, 'a probe in ten seconds costs an endpoint nothing'),
  ejectionMaxShare: because(0.5, 'the other half must carry the load of all'),
  ejectionPanicThreshold: because(
    0,
    'an endpoint that is left answers; one that is ejected does not',
  ),
  clusterHealthCheck: because(
    null,
    'connections find out what fails; a check finds it before them',
  ),
  healthCheckType: because('tcp', 'every server accepts connections'),
  healthCheckPath: because('/', 'every server has it', "`'/'`"),
  healthCheckHost: because(null, 'most checks do not look at it', 'the address of the endpoint'),
  healthCheckIntervalMs: because(10_000, 'a connect in ten seconds costs an endpoint nothing'),
  healthCheckTimeoutMs: because(1_000, 'who takes longer to accept is in trouble'),
  healthCheckConsecutiveFailures: because(3, 'one lost packet is not yet a dead endpoint'),
  healthCheckConsecutiveSuccesses: because(1, 'it accepts connections'),
  clusterFailFastAfterMs: because(3_000, 'by then a restart would have shown'),
  clusterConnectionsMax: because(null, 'only its owner knows what a cluster can carry'),
  clusterPendingMax: because(null, '`connectTimeout` and `failFastAfter` bound what waits'),
  clusterEndpointConnectionsMax: because(null, 'only its owner knows what a server can carry'),
  endpointWeight: because(1, 'equal shares'),
  endpointZone: because(null, 'most clusters lie in one zone', '`zone` of the cluster'),

  dnsServers: because(null, 'the resolver of the host knows its names', resolvConf),
  dnsFamily: because('all', 'endpoints that cannot be reached are avoided anyway'),
  dnsTtlMinMs: because(5_000, 'a record with a TTL of 0 must not become a flood of questions'),
  dnsTtlMaxMs: because(3_600_000, 'a record that was wrong for a moment is not wrong for a day'),
  dnsNegativeTtlMs: because(10_000, 'a service that is about to appear is found soon'),
  dnsTimeoutMs: because(5_000, 'two tries at two servers; as in the C library'),
  dnsLookupsMax: because(16, 'a start with 1,000 names is no burst that a resolver would drop'),
  dnsRecordsMax: because(1_000, 'more than a service has; an answer can hold four thousand'),

  limitConnectionsMax: because(
    100_000,
    'needs 200,000 descriptors; the kernel often stops earlier',
  ),
  limitRequestsMax: because(100_000, 'more wait in vain: answering some is better than none'),
  limitMirrorsMax: because(256, 'with 64 KiB each they hold 16 MiB at most'),
  limitBufferedBytesMax: because(268_435_456, 'slow readers cannot take the whole memory of a pod'),
  limitPipeCountMax: because(16, 'a quarter of the pipe pages that one uid has on a host'),
  limitPipeBytes: because(
    1_048_576,
    'splice pays from 512 KiB on; 1 MiB is the unprivileged maximum',
  ),

  adminAddress: because('127.0.0.1:4191', 'the port of other meshes; this host only'),
  adminShutdown: because(false, 'nobody ends a proxy by accident'),

  metricsExpireAfterMs: because(600_000, 'a scrape a minute sees the last value several times'),

  logLevel: because('info', 'changes of state, never single connections'),
  logFormat: because('auto', 'readable lines on a terminal, JSON elsewhere'),
  logAccessLog: because(false, 'a line for each connection costs CPU and disk'),
  accessLogEnabled: because(true, 'who says where lines go wants them'),
  accessLogTo: because('stdout', 'what containers collect'),
  accessLogFormat: because('json', 'no field can be taken for another'),
  accessLogRequestFormat: because('json', 'no field can be taken for another'),
  accessLogLines: because('all', 'a connection tells what no request does'),
  accessLogSample: because(1, 'every connection, until that is too many'),

  drainDeadlineMs: because(120_000, 'long requests end; longer than that is stuck'),
  drainListeners: because('close', 'new clients go elsewhere at once'),
  drainOrder: because('inboundFirst', 'what came in is finished by calls that go out'),
  drainOutboundOpenMinMs: because(0, 'nothing left that came in is taken for nothing left to do'),
  drainOutboundOpenMaxMs: because(
    null,
    'the last connections out need time to finish as well',
    'nine tenths of `drain.deadline`',
  ),
} as const;
