// What a cluster is: its endpoints, how one is picked, which are left out, and how many connections it takes.

import { defaults } from './defaults.ts';
import { httpCluster } from './schema-http.ts';
import { duration, object, oneOf, optional, required } from './schema-node.ts';
import { keepaliveField, protocolHint, timeoutMsMax, userTimeoutField } from './schema-tcp.ts';

const balancerType = oneOf('BalancerType', [
  'p2cEwma',
  'roundRobin',
  'leastConnections',
  'random',
  'ringHash',
  'maglev',
]);

const hashKey = object('HashKeyConfig', 'Something that a request of HTTP says.', {
  from: required(
    'Where it is. Requests without it go to any endpoint.',
    oneOf('HashKeySource', ['header', 'cookie']),
    "'header'",
  ),
  name: required(
    'Of the header or the cookie.',
    { kind: 'text', grammar: 'fieldName', charsMax: 256 },
    "'x-user'",
  ),
  maxAge: optional(
    'Of the cookie that a client without one is given, with a value by chance.',
    duration(1_000, timeoutMsMax),
    { nullMeans: 'until the client ends its session', default: defaults.hashCookieMaxAgeMs },
  ),
});

const balancer = object('BalancerConfig', 'A balancer with settings of its own.', {
  type: required('The same words as in the short form.', balancerType, "'p2cEwma'"),
  rttDefault: optional(
    'Connect time that an endpoint is taken to have before it was measured. Only `p2cEwma`.',
    duration(1, 60_000),
    { default: defaults.ewmaRttDefaultMs },
  ),
  decay: optional('How long a measurement counts. Only `p2cEwma`.', duration(100, 3_600_000), {
    default: defaults.ewmaDecayMs,
  }),
  loadBound: optional(
    'An endpoint takes no more than so many times the average of open connections, as each worker counts them, by weight; what is over goes to the next in the table. Only `ringHash` and `maglev`.',
    { kind: 'decimal', min: 1, max: 100 },
    { nullMeans: 'no bound', default: defaults.hashLoadBound },
  ),
  key: optional(
    'What belongs to one endpoint: the address of a client (`source`), the path of a request without its query, a header or a cookie. Connections that carry no HTTP have a source only. Only `ringHash` and `maglev`.',
    {
      kind: 'either',
      short: oneOf('HashKeyWord', ['source', 'path']),
      long: hashKey,
    },
    { default: defaults.hashKey },
  ),
});

const slowStart = object(
  'SlowStartConfig',
  'The share of an endpoint that is new or came back grows with time. Endpoints that a cluster begins with are not new.',
  {
    window: required('Until it has its whole share.', duration(100, 3_600_000), "'30s'"),
    minShare: optional(
      'Part of its share that it begins with.',
      { kind: 'decimal', min: 0.01, max: 1 },
      { default: defaults.slowStartMinShare },
    ),
  },
);

const zonePreference = object(
  'ZonePreferenceConfig',
  'When connections leave the zone of this proxy. Needs `zone`.',
  {
    minUsableShare: optional(
      'While at least this part of the endpoints in the own zone is usable, by weight, all connections stay; below, the part that is missing goes to other zones.',
      { kind: 'decimal', min: 0.01, max: 1 },
      { default: defaults.zoneUsableShareMin },
    ),
    minUsableCount: optional(
      'With fewer usable endpoints in the own zone all connections go to other zones.',
      { kind: 'integer', min: 1, max: 65_535 },
      { default: defaults.zoneUsableCountMin },
    ),
  },
);

const endpoint = object('EndpointConfig', 'One address of a cluster.', {
  address: required(
    'Where to connect: an address, or a host name with a port, which stands for all of its addresses (see `dns`). `localhost` is 127.0.0.1.',
    { kind: 'address', use: 'endpoint' },
    "'10.0.0.5:80'",
  ),
  weight: optional(
    'Share of the connections relative to the other endpoints.',
    { kind: 'integer', min: 1, max: 65_535 },
    { default: defaults.endpointWeight },
  ),
  zone: optional(
    'Where it runs: the same word as in `zone`.',
    { kind: 'name' },
    {
      nullMeans: 'not known',
      default: defaults.endpointZone,
    },
  ),
});

const ejection = object(
  'EjectionConfig',
  'When an endpoint is taken out of the balancer after failures. A connect of our own, not that of a client, finds out when it is back.',
  {
    consecutiveFailures: optional(
      'Failed connects in a row, as each worker counts them.',
      { kind: 'integer', min: 1, max: 1_000 },
      { default: defaults.ejectionConsecutiveFailures },
    ),
    earlyClose: optional(
      'An endpoint that ends a connection within so long, before the client did and without having sent a byte, closed it early.',
      duration(1, 3_600_000),
      { nullMeans: 'early closes do not count', default: defaults.ejectionEarlyCloseMs },
    ),
    consecutiveEarlyCloses: optional(
      'Early closes in a row that eject the endpoint.',
      { kind: 'integer', min: 1, max: 1_000 },
      { default: defaults.ejectionConsecutiveEarlyCloses },
    ),
    consecutiveServerErrors: optional(
      'Requests of HTTP in a row that got a status of 500 or more, or no response, as each worker counts them.',
      { kind: 'integer', min: 1, max: 1_000_000 },
      { nullMeans: 'they do not count', default: defaults.ejectionConsecutiveServerErrors },
    ),
    minSuccessRate: optional(
      'An endpoint is ejected when a smaller share of the requests of `successWindow` succeeded.',
      { kind: 'decimal', min: 0.01, max: 1 },
      { nullMeans: 'it does not count', default: defaults.ejectionMinSuccessRate },
    ),
    minRequests: optional(
      'Fewer requests in a window, as each worker counts them, say nothing. Only with `minSuccessRate`.',
      { kind: 'integer', min: 1, max: 1_000_000 },
      { default: defaults.ejectionMinRequests },
    ),
    successWindow: optional(
      'How long requests are counted. Only with `minSuccessRate`.',
      duration(100, 3_600_000),
      { default: defaults.ejectionSuccessWindowMs },
    ),
    baseTime: optional(
      'Until the first probe; doubled with each one in vain and each further ejection, less up to a quarter.',
      duration(1, 3_600_000),
      { default: defaults.ejectionBaseTimeMs },
    ),
    maxTime: optional('Between two probes at most.', duration(1, 3_600_000), {
      default: defaults.ejectionMaxTimeMs,
    }),
    maxShare: optional(
      'Part of the endpoints that may be ejected at once; one always may.',
      { kind: 'share' },
      { default: defaults.ejectionMaxShare },
    ),
    panicThreshold: optional(
      'When a smaller part of the endpoints is left, connections go to all of them again. None left is always a panic.',
      { kind: 'share' },
      { default: defaults.ejectionPanicThreshold },
    ),
  },
);

const balancingFields = {
  balancer: optional(
    'Who chooses the endpoint: of two random ones the better (`p2cEwma`), each in turn (`roundRobin`), the one with the fewest connections (`leastConnections`), or chance (`random`); or one endpoint for all connections of a source address (`ringHash`, `maglev`). All respect weights.',
    { kind: 'either', short: balancerType, long: balancer },
    { default: defaults.clusterBalancer },
  ),
  slowStart: optional(
    'How long the share of an endpoint grows that is new or came back. Not with `ringHash` and `maglev`.',
    { kind: 'either', short: duration(100, 3_600_000), long: slowStart },
    { nullMeans: 'it has its whole share at once', default: defaults.slowStart },
  ),
  zone: optional(
    'The zone of those endpoints that name none.',
    { kind: 'name' },
    {
      nullMeans: 'not known',
      default: defaults.clusterZone,
    },
  ),
  zonePreference: optional(
    'Endpoints in the zone of this proxy are preferred when it has a `zone`.',
    zonePreference,
    { nullMeans: 'zones make no difference' },
  ),
};

const healthCheck = object(
  'HealthCheckConfig',
  'Endpoints are asked at intervals how they are, before a connection finds out.',
  {
    type: optional(
      'How they are asked: by a connect (`tcp`), or by a GET of HTTP/1.1 (`http`), where a status of 200 to 399 is a good answer.',
      oneOf('HealthCheckType', ['tcp', 'http']),
      { default: defaults.healthCheckType },
    ),
    path: optional(
      'What is asked for. Only `http`.',
      { kind: 'text', grammar: 'path', charsMax: 1_024 },
      { default: defaults.healthCheckPath },
    ),
    host: optional(
      'The header Host. Only `http`.',
      { kind: 'text', grammar: 'fieldValue', charsMax: 255 },
      { default: defaults.healthCheckHost },
    ),
    interval: optional(
      'Between two questions to one endpoint, less or more up to a tenth.',
      duration(100, 3_600_000),
      { default: defaults.healthCheckIntervalMs },
    ),
    timeout: optional('An answer that takes longer is none.', duration(1, 60_000), {
      default: defaults.healthCheckTimeoutMs,
    }),
    consecutiveFailures: optional(
      'Questions in a row without an answer until the endpoint is not picked any more.',
      { kind: 'integer', min: 1, max: 1_000 },
      { default: defaults.healthCheckConsecutiveFailures },
    ),
    consecutiveSuccesses: optional(
      'Answers in a row until it is picked again.',
      { kind: 'integer', min: 1, max: 1_000 },
      { default: defaults.healthCheckConsecutiveSuccesses },
    ),
  },
);

const circuitFields = {
  connectionsMax: optional(
    'Connections to the cluster, open ones and those that are being made, over all workers; more are closed at once with the reason `cluster_limit`, and requests wait (`http.queueMax`).',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { nullMeans: 'no limit', default: defaults.clusterConnectionsMax },
  ),
  pendingMax: optional(
    'Connections to the cluster that are being made, over all workers; more are closed at once with the reason `pending_limit`, and requests wait (`http.queueMax`).',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { nullMeans: 'no limit', default: defaults.clusterPendingMax },
  ),
  endpointConnectionsMax: optional(
    'Connections to each endpoint, as `connectionsMax`. An endpoint that has so many is not picked; when none has room, the connection is closed at once with the reason `endpoint_limit`, and requests wait (`http.queueMax`).',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { nullMeans: 'no limit', default: defaults.clusterEndpointConnectionsMax },
  ),
};

export const cluster = object('ClusterConfig', 'Interchangeable endpoints with one balancer.', {
  endpoints: required(
    'Addresses and host names with a port, or objects with an address and a weight.',
    {
      kind: 'list',
      item: { kind: 'either', short: { kind: 'address', use: 'endpoint' }, long: endpoint },
    },
    "['10.0.0.5:80']",
  ),
  destinations: optional(
    "Original destinations of outbound connections that belong to this cluster, for transparent listeners: `'10.96.0.10:80'`, `'10.1.0.0/16'`, `'10.1.0.0/16:80'`, `'[fd00::/8]:80'`, `'*:5432'`. Without a port all ports are meant. The longest network wins; of equal ones, the one with a port.",
    { kind: 'list', item: { kind: 'destination' } },
    { default: defaults.clusterDestinations },
  ),
  ...balancingFields,
  protocol: optional(
    'What every connection to it carries, on listeners whose ports do not say otherwise.',
    protocolHint,
    { default: defaults.clusterProtocol },
  ),
  connectTimeout: optional('How long one attempt to connect may take.', duration(1, 600_000), {
    default: defaults.clusterConnectTimeoutInboundMs,
  }),
  connectAttemptsMax: optional(
    'Endpoints tried for one connection before it is given up.',
    { kind: 'integer', min: 1, max: 100 },
    { default: defaults.clusterConnectAttemptsMax },
  ),
  proxyProtocol: optional(
    'Send a header of the PROXY protocol first on every connection: on whose behalf it is. What came with a header is passed on.',
    oneOf('ProxyProtocolVersion', ['v1', 'v2']),
    { nullMeans: 'no header', default: defaults.clusterProxyProtocol },
  ),
  ejection: optional('When an endpoint that fails is avoided.', ejection, {
    nullMeans: 'never; each connection finds out by itself',
  }),
  healthCheck: optional('Ask the endpoints how they are.', healthCheck, {
    nullMeans: 'they are not asked',
    default: defaults.clusterHealthCheck,
  }),
  http: optional('Connections that carry HTTP.', httpCluster, { default: defaults.clusterHttp }),
  failFastAfter: optional(
    'Without a usable endpoint for so long, connections are closed at once with the reason `fail_fast` until a probe finds one.',
    duration(1, timeoutMsMax),
    { nullMeans: 'each connection tries', default: defaults.clusterFailFastAfterMs },
  ),
  ...circuitFields,
  keepalive: keepaliveField,
  userTimeout: userTimeoutField,
});
