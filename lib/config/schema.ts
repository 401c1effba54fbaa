// Every key of a configuration, with its kind, range, default and meaning: the one description of which
// user-config.ts and docs/configuration.md are generated (`node scripts/generate-config.mjs`).

import { logFormats, logLevels } from '../base/log.ts';
import { accessLogFields } from '../contract/access-log.ts';
import { defaults } from './defaults.ts';
import { listener } from './schema-listener.ts';
import { duration, object, oneOf, optional, required } from './schema-node.ts';
import { keepaliveField, protocolHint, timeoutMsMax, userTimeoutField } from './schema-tcp.ts';

export const workerCountMax = 256;

const balancerType = oneOf('BalancerType', [
  'p2cEwma',
  'roundRobin',
  'leastConnections',
  'random',
  'ringHash',
  'maglev',
]);

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

const circuitFields = {
  connectionsMax: optional(
    'Connections to the cluster, open ones and those that are being made, over all workers; more are closed at once with the reason `cluster_limit`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { nullMeans: 'no limit', default: defaults.clusterConnectionsMax },
  ),
  pendingMax: optional(
    'Connections to the cluster that are being made, over all workers; more are closed at once with the reason `pending_limit`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { nullMeans: 'no limit', default: defaults.clusterPendingMax },
  ),
  endpointConnectionsMax: optional(
    'Connections to each endpoint, as `connectionsMax`. An endpoint that has so many is not picked; when none has room, the connection is closed at once with the reason `endpoint_limit`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { nullMeans: 'no limit', default: defaults.clusterEndpointConnectionsMax },
  ),
};

const cluster = object('ClusterConfig', 'Interchangeable endpoints with one balancer.', {
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
  failFastAfter: optional(
    'Without a usable endpoint for so long, connections are closed at once with the reason `fail_fast` until a probe finds one.',
    duration(1, timeoutMsMax),
    { nullMeans: 'each connection tries', default: defaults.clusterFailFastAfterMs },
  ),
  ...circuitFields,
  keepalive: keepaliveField,
  userTimeout: userTimeoutField,
});

const limits = object('LimitsConfig', 'Limits of the whole process; workers share them out.', {
  connectionsMax: optional(
    'Open connections of all listeners; more are closed at once with the reason `connection_limit`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { default: defaults.limitConnectionsMax },
  ),
  bufferedBytesMax: optional(
    'Bytes held for readers that are slower than their writers. At the limit the connection that needs more is closed with the reason `buffer_limit`.',
    { kind: 'size', minBytes: 1_048_576, maxBytes: 1_099_511_627_776 },
    { default: defaults.limitBufferedBytesMax },
  ),
  pipeCountMax: optional(
    'Kernel pipes for bulk transfers by splice. 0: always copy.',
    { kind: 'integer', min: 0, max: 65_536 },
    { default: defaults.limitPipeCountMax },
  ),
  pipeBytes: optional(
    'Capacity asked for each pipe; where the kernel gives less, bytes are copied.',
    { kind: 'size', minBytes: 65_536, maxBytes: 67_108_864 },
    { default: defaults.limitPipeBytes },
  ),
});

const admin = object('AdminConfig', 'The server for health, metrics and debugging.', {
  address: optional(
    'Where it listens. What changes state answers on loopback only.',
    { kind: 'address', use: 'listen' },
    { default: defaults.adminAddress },
  ),
  shutdown: optional(
    'Allow `POST /shutdown`.',
    { kind: 'boolean' },
    { default: defaults.adminShutdown },
  ),
});

const accessLog = object('AccessLogConfig', 'Where access-log lines go, and which.', {
  enabled: optional(
    'Whether listeners that do not say otherwise write lines.',
    { kind: 'boolean' },
    { default: defaults.accessLogEnabled },
  ),
  to: optional(
    "Where lines go: `'stdout'`, with the log, or the absolute path of a file that lines are appended to. SIGHUP opens the file anew: rename it first.",
    { kind: 'file', words: ['stdout'] },
    { default: defaults.accessLogTo },
  ),
  format: optional(
    "How a line looks: `'json'`, or a format of your own with fields in braces: `'{started} {downstreamAddress} {endpoint} {closeReason}'`. The fields are in docs/operations.md.",
    { kind: 'template', words: ['json'], fields: accessLogFields },
    { default: defaults.accessLogFormat },
  ),
  sample: optional(
    'Share of the connections that are written, chosen by their id.',
    { kind: 'share' },
    { default: defaults.accessLogSample },
  ),
});

const log = object('LogConfig', 'What is written to stdout.', {
  level: optional('The least important lines that are written.', oneOf('LogLevel', logLevels), {
    default: defaults.logLevel,
  }),
  format: optional('JSON lines or readable ones.', oneOf('LogFormat', logFormats), {
    default: defaults.logFormat,
  }),
  accessLog: optional(
    'Write a line for each connection that ends, on listeners that do not say otherwise; or where to and which.',
    { kind: 'either', short: { kind: 'boolean' }, long: accessLog },
    { default: defaults.logAccessLog },
  ),
});

const drain = object('DrainConfig', 'What happens on SIGTERM, and to what a reload removed.', {
  deadline: optional('What is still open then is reset.', duration(0, timeoutMsMax), {
    default: defaults.drainDeadlineMs,
  }),
  listeners: optional(
    'Whether listeners close at once or go on accepting until the deadline.',
    oneOf('DrainListeners', ['close', 'keep']),
    { default: defaults.drainListeners },
  ),
  order: optional(
    "Whether outbound listeners stay open while inbound connections finish (`inboundFirst`), or all close at once (`together`). Only with `listeners: 'close'`.",
    oneOf('DrainOrder', ['inboundFirst', 'together']),
    { default: defaults.drainOrder },
  ),
  outboundOpenMin: optional(
    'Outbound listeners stay open for so long, also when no inbound connection is left: for work that no connection shows.',
    duration(0, timeoutMsMax),
    { default: defaults.drainOutboundOpenMinMs },
  ),
  outboundOpenMax: optional(
    'Outbound listeners close after so long, also when inbound connections are left.',
    duration(0, timeoutMsMax),
    { default: defaults.drainOutboundOpenMaxMs },
  ),
});

const dns = object('DnsConfig', 'How host names of endpoints are looked up.', {
  servers: optional(
    'Name servers to ask, in this order: `10.0.0.53` or `10.0.0.53:5353`.',
    { kind: 'list', item: { kind: 'nameServer' } },
    { default: defaults.dnsServers },
  ),
  family: optional(
    'Which addresses of a name are endpoints: `all` (A and AAAA), `ipv4` or `ipv6`.',
    oneOf('DnsFamily', ['all', 'ipv4', 'ipv6']),
    { default: defaults.dnsFamily },
  ),
  ttlMin: optional(
    'A name is asked for again when the time to live of its records is over, but not sooner than this. It is the interval for names in the hosts file, too.',
    duration(1_000, 86_400_000),
    { default: defaults.dnsTtlMinMs },
  ),
  ttlMax: optional('And not later than this.', duration(1_000, 86_400_000), {
    default: defaults.dnsTtlMaxMs,
  }),
  negativeTtl: optional(
    'How long an answer counts that a name does not exist or has no address.',
    duration(1_000, 86_400_000),
    { default: defaults.dnsNegativeTtlMs },
  ),
  timeout: optional(
    'How long one lookup may take, with all servers, tries and search domains. Then the last addresses stay and it is tried again after 1 s, 2 s and so on up to 30 s.',
    duration(100, 60_000),
    { default: defaults.dnsTimeoutMs },
  ),
  lookupsMax: optional(
    'Lookups that may be under way at once; more wait their turn.',
    { kind: 'integer', min: 1, max: 1_000 },
    { default: defaults.dnsLookupsMax },
  ),
  recordsMax: optional(
    'Addresses of one name that become endpoints, the first in their order; more are left out and logged.',
    { kind: 'integer', min: 1, max: 4_096 },
    { default: defaults.dnsRecordsMax },
  ),
});

const metrics = object('MetricsConfig', 'How long metrics are shown.', {
  expireAfter: optional(
    'A listener or endpoint that left the configuration, or the answers of a name server, keeps its series until it has no open connection and has counted nothing for so long.',
    duration(10_000, 86_400_000),
    { default: defaults.metricsExpireAfterMs },
  ),
});

export const schema = object('UserConfig', 'What a person writes in `weft.config.ts`.', {
  workers: optional(
    'Threads that move bytes.',
    { kind: 'integer', min: 1, max: workerCountMax },
    { default: defaults.workerCount },
  ),
  zone: optional(
    'Where this proxy runs: an availability zone, a rack, a host.',
    { kind: 'name' },
    {
      nullMeans: 'not known',
      default: defaults.zone,
    },
  ),
  listeners: required(
    'Where connections come from.',
    { kind: 'list', item: listener },
    "[{ address: '127.0.0.1:8080', cluster: 'web' }]",
  ),
  clusters: optional(
    'Where connections go to, by name. May be left out when every listener is transparent.',
    { kind: 'map', keyWord: 'cluster', item: cluster },
    { default: defaults.clusters },
  ),
  dns: optional('How host names of endpoints are looked up.', dns),
  limits: optional('Limits of the whole process.', limits),
  admin: optional('The admin server.', admin, { nullMeans: 'no admin server' }),
  metrics: optional('How long metrics are shown.', metrics),
  log: optional('What is written to stdout.', log),
  drain: optional('What happens on SIGTERM, and to what a reload removed.', drain),
});
