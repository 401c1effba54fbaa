// Every key of a configuration, with its kind, range, default and meaning: the one description of which
// user-config.ts and docs/configuration.md are generated (`node scripts/generate-config.mjs`).

import { logFormats, logLevels } from '../base/log.ts';
import { accessLogFields, requestLogFields } from '../contract/access-log.ts';
import { defaults } from './defaults.ts';
import { cluster } from './schema-cluster.ts';
import { listener } from './schema-listener.ts';
import { duration, object, oneOf, optional, required } from './schema-node.ts';
import { timeoutMsMax } from './schema-tcp.ts';

export const workerCountMax = 256;

const limits = object('LimitsConfig', 'Limits of the whole process; workers share them out.', {
  connectionsMax: optional(
    'Open connections of all listeners; more are closed at once with the reason `connection_limit`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { default: defaults.limitConnectionsMax },
  ),
  requestsMax: optional(
    'Requests of HTTP under way; more are answered with 503 and the reason `load_shed`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { default: defaults.limitRequestsMax },
  ),
  mirrorsMax: optional(
    'Copies of requests under way; of more requests there is none. 0: nothing is copied.',
    { kind: 'integer', min: 0, max: 100_000 },
    { default: defaults.limitMirrorsMax },
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
  requestFormat: optional(
    "The same for lines of requests of HTTP: `'{method} {host}{path} {status} {durationUs}'`.",
    { kind: 'template', words: ['json'], fields: requestLogFields },
    { default: defaults.accessLogRequestFormat },
  ),
  lines: optional(
    'Which lines are written: one for each connection, one for each request of HTTP, or both.',
    oneOf('AccessLogLines', ['all', 'connections', 'requests']),
    { default: defaults.accessLogLines },
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
    'Write a line for each connection and each request of HTTP that ends, on listeners that do not say otherwise; or where to and which.',
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
