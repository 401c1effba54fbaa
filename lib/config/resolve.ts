// UserConfig -> Config: fills in every default and turns texts into numbers. Pure; it asks neither the
// machine nor the environment. Whatever reaches it has passed validate.ts.

import { formatAddress, parseAddress } from '../base/address.ts';
import { parseDestination } from '../base/destination.ts';
import { parseDuration } from '../base/duration.ts';
import { formatEndpointAddress, parseEndpointAddress } from '../base/endpoint-address.ts';
import { freezeDeep } from '../base/freeze.ts';
import { parsePorts } from '../base/ports.ts';
import type {
  AcceptedProxyProtocolSnapshot,
  BalancerSnapshot,
  DestinationSnapshot,
  EjectionSnapshot,
  HashKeySnapshot,
  HealthCheckSnapshot,
  KeepaliveSnapshot,
  LimitsSnapshot,
  PortProtocolSnapshot,
  SlowStartSnapshot,
} from '../contract/snapshot.ts';
import type {
  Config,
  ResolvedAccessLog,
  ResolvedCluster,
  ResolvedDns,
  ResolvedDrain,
  ResolvedEndpoint,
  ResolvedListener,
} from './config.ts';
import { defaults } from './defaults.ts';
import { originalClusterNames, originalClusters } from './original-clusters.ts';
import { resolveHttpCluster, resolveHttpListener } from './resolve-http.ts';
import { networkSnapshot, resolveNetwork } from './resolve-network.ts';
import { resolveHttpRules } from './resolve-routes.ts';
import { clustersOf, resolveTlsRoutes } from './tls-routes.ts';
import { bytes, checked, ms, msOrNull } from './units.ts';
import type {
  AccessLogConfig,
  BalancerConfig,
  ClusterConfig,
  DnsConfig,
  EjectionConfig,
  EndpointConfig,
  HealthCheckConfig,
  KeepaliveConfig,
  ListenerConfig,
  PortProtocolConfig,
  SlowStartConfig,
  UserConfig,
} from './user-config.ts';
import { invalidConfig, validate } from './validate.ts';

/** Checks and resolves. Throws a ConfigError with all problems. */
export function resolveConfig(input: unknown, subject = 'configuration'): Config {
  const validated = validate(input);
  if (!validated.ok) {
    throw invalidConfig(subject, validated.issues);
  }
  return resolve(validated.config);
}

/** REQUIRES: a configuration that validate let through. */
export function resolve(user: UserConfig): Config {
  const limits = resolveLimits(user);
  const admin = user.admin ?? {};
  return freezeDeep({
    workerCount: user.workers ?? defaults.workerCount.value,
    zone: user.zone ?? defaults.zone.value,
    listeners: user.listeners.map((listener) => resolveListener(listener, user, limits)),
    clusters: [
      ...Object.entries(user.clusters ?? {}).map(([name, cluster]) =>
        resolveCluster(name, cluster, user),
      ),
      ...originalClusters(user),
    ],
    dns: resolveDns(user.dns ?? {}),
    limits,
    admin:
      user.admin === null
        ? null
        : {
            address: canonical(admin.address ?? defaults.adminAddress.value),
            shutdown: admin.shutdown ?? defaults.adminShutdown.value,
          },
    metrics: {
      expireAfterMs: ms(user.metrics?.expireAfter, defaults.metricsExpireAfterMs.value),
    },
    log: {
      level: user.log?.level ?? defaults.logLevel.value,
      format: user.log?.format ?? defaults.logFormat.value,
      accessLog: resolveAccessLog(user),
    },
    drain: resolveDrain(user),
  });
}

/** Outbound listeners never stay open beyond the deadline, and at least as long as somebody asked for. */
function resolveDrain({ drain = {} }: UserConfig): ResolvedDrain {
  const deadlineMs = ms(drain.deadline, defaults.drainDeadlineMs.value);
  const openMinMs = ms(drain.outboundOpenMin, defaults.drainOutboundOpenMinMs.value);
  const openMaxMs = ms(drain.outboundOpenMax, Math.max(Math.floor(deadlineMs * 0.9), openMinMs));
  return {
    deadlineMs,
    listeners: drain.listeners ?? defaults.drainListeners.value,
    order: drain.order ?? defaults.drainOrder.value,
    outboundOpenMinMs: Math.min(openMinMs, deadlineMs),
    outboundOpenMaxMs: Math.min(openMaxMs, deadlineMs),
  };
}

function resolveLimits(user: UserConfig): LimitsSnapshot {
  const { limits = {} } = user;
  return {
    connectionsMax: limits.connectionsMax ?? defaults.limitConnectionsMax.value,
    requestsMax: limits.requestsMax ?? defaults.limitRequestsMax.value,
    mirrorsMax: limits.mirrorsMax ?? defaults.limitMirrorsMax.value,
    bufferedBytesMax: bytes(limits.bufferedBytesMax, defaults.limitBufferedBytesMax.value),
    pipeCountMax: limits.pipeCountMax ?? defaults.limitPipeCountMax.value,
    pipeBytes: bytes(limits.pipeBytes, defaults.limitPipeBytes.value),
  };
}

/** Where only one of the two bounds is given, the default of the other follows it. */
function resolveDns(dns: DnsConfig): ResolvedDns {
  const ttlMinMs = ms(dns.ttlMin, defaults.dnsTtlMinMs.value);
  const ttlMaxMs = ms(dns.ttlMax, defaults.dnsTtlMaxMs.value);
  return {
    servers: dns.servers ?? defaults.dnsServers.value,
    family: dns.family ?? defaults.dnsFamily.value,
    ttlMinMs: dns.ttlMin === undefined ? Math.min(ttlMinMs, ttlMaxMs) : ttlMinMs,
    ttlMaxMs: dns.ttlMax === undefined ? Math.max(ttlMinMs, ttlMaxMs) : ttlMaxMs,
    negativeTtlMs: ms(dns.negativeTtl, defaults.dnsNegativeTtlMs.value),
    timeoutMs: ms(dns.timeout, defaults.dnsTimeoutMs.value),
    lookupsMax: dns.lookupsMax ?? defaults.dnsLookupsMax.value,
    recordsMax: dns.recordsMax ?? defaults.dnsRecordsMax.value,
  };
}

function resolveAccessLog(user: UserConfig): ResolvedAccessLog {
  const { to, format, requestFormat, lines, sample } = accessLogOf(user);
  const wantedTo = to ?? defaults.accessLogTo.value;
  const wantedFormat = format ?? defaults.accessLogFormat.value;
  return {
    path: wantedTo === 'stdout' ? null : wantedTo,
    template: wantedFormat === 'json' ? null : wantedFormat,
    requestTemplate: requestFormat === 'json' ? null : (requestFormat ?? null),
    lines: lines ?? defaults.accessLogLines.value,
    sample: sample ?? defaults.accessLogSample.value,
  };
}

function accessLogOf({ log }: UserConfig): AccessLogConfig {
  const { accessLog = defaults.logAccessLog.value } = log ?? {};
  return typeof accessLog === 'object' ? accessLog : { enabled: accessLog };
}

function resolveListener(
  listener: ListenerConfig,
  user: UserConfig,
  limits: LimitsSnapshot,
): ResolvedListener {
  const address = canonical(listener.address);
  const direction = listener.direction ?? defaults.listenerDirection.value;
  const isUnix = address.startsWith('unix:');
  const mode = listener.unixMode;
  const unixMode = mode === undefined ? defaults.listenerUnixMode.value : Number.parseInt(mode, 8);
  return {
    name: listener.name ?? address,
    direction,
    address,
    ipv6Only: listener.ipv6Only ?? defaults.listenerIpv6Only.value,
    unixMode: isUnix ? unixMode : null,
    backlogCount: listener.backlog ?? defaults.listenerBacklogCount.value,
    protocol: listener.protocol ?? defaults.listenerProtocol.value,
    portProtocols: (listener.portProtocols ?? []).map(resolvePortProtocol),
    serverFirstAfterMs: msOrNull(
      listener.serverFirstAfter,
      defaults.listenerServerFirstAfterMs.value,
    ),
    detectTimeoutMs: ms(listener.detectTimeout, defaults.listenerDetectTimeoutMs.value),
    tlsRoutes: resolveTlsRoutes(listener),
    tlsUnrouted: listener.tlsUnrouted ?? defaults.listenerTlsUnrouted.value,
    httpRules: resolveHttpRules(listener),
    httpUnrouted: listener.httpUnrouted ?? defaults.listenerHttpUnrouted.value,
    proxyProtocol: resolveProxyProtocol(listener),
    http: resolveHttpListener(listener.http),
    cluster: listener.cluster ?? originalClusterNames[direction],
    transparent: listener.transparent ?? defaults.listenerTransparent.value,
    workloadAddress: listener.workloadAddress ?? defaults.listenerWorkloadAddress.value,
    connectionsMax: listener.connectionsMax ?? limits.connectionsMax,
    idleTimeoutMs: msOrNull(listener.idleTimeout, defaults.listenerIdleTimeoutMs.value),
    keepalive: resolveKeepalive(listener.keepalive),
    userTimeoutMs: msOrNull(listener.userTimeout, defaults.userTimeoutMs.value),
    accessLog: listener.accessLog ?? accessLogOf(user).enabled ?? defaults.accessLogEnabled.value,
  };
}

function resolveProxyProtocol({
  proxyProtocol,
}: ListenerConfig): AcceptedProxyProtocolSnapshot | null {
  if (proxyProtocol === undefined || proxyProtocol === null) {
    return null;
  }
  return {
    from: proxyProtocol.from.map(resolveNetwork),
    timeoutMs: ms(proxyProtocol.timeout, defaults.proxyProtocolTimeoutMs.value),
    required: proxyProtocol.required ?? defaults.proxyProtocolRequired.value,
  };
}

function resolvePortProtocol({ ports, protocol }: PortProtocolConfig): PortProtocolSnapshot {
  const { first, last } = checked(parsePorts(ports));
  return { firstPort: first, lastPort: last, protocol };
}

function resolveCluster(name: string, cluster: ClusterConfig, user: UserConfig): ResolvedCluster {
  return {
    name,
    protocol: cluster.protocol ?? defaults.clusterProtocol.value,
    balancer: resolveBalancer(cluster),
    ...resolveZonePreference(cluster, user),
    connectTimeoutMs: ms(cluster.connectTimeout, connectTimeoutDefaultMs(name, user)),
    connectAttemptsMax: cluster.connectAttemptsMax ?? defaults.clusterConnectAttemptsMax.value,
    proxyProtocol: cluster.proxyProtocol ?? defaults.clusterProxyProtocol.value,
    ejection: resolveEjection(cluster.ejection),
    healthCheck: resolveHealthCheck(cluster.healthCheck),
    http: resolveHttpCluster(cluster.http),
    failFastAfterMs: msOrNull(cluster.failFastAfter, defaults.clusterFailFastAfterMs.value),
    connectionsMax: cluster.connectionsMax ?? defaults.clusterConnectionsMax.value,
    pendingMax: cluster.pendingMax ?? defaults.clusterPendingMax.value,
    endpointConnectionsMax:
      cluster.endpointConnectionsMax ?? defaults.clusterEndpointConnectionsMax.value,
    keepalive: resolveKeepalive(cluster.keepalive),
    userTimeoutMs: msOrNull(cluster.userTimeout, defaults.userTimeoutMs.value),
    originalDst: false,
    destinations: resolveDestinations(cluster),
    endpoints: cluster.endpoints.map((endpoint) => resolveEndpoint(endpoint, cluster)),
  };
}

function resolveDestinations({ destinations = [] }: ClusterConfig): DestinationSnapshot[] {
  return destinations
    .flatMap((text) => checked(parseDestination(text)))
    .map(({ network, port }) => networkSnapshot(network, port));
}

/** A cluster that only inbound listeners use is the workload itself. */
function connectTimeoutDefaultMs(name: string, user: UserConfig): number {
  const users = user.listeners.filter((listener) => clustersOf(listener).includes(name));
  const onlyInbound = users.length > 0 && users.every(({ direction }) => direction === 'inbound');
  return onlyInbound
    ? defaults.clusterConnectTimeoutInboundMs.value
    : defaults.clusterConnectTimeoutOutboundMs.value;
}

/** Where only one of the two times is given, the default of the other follows it. */
function resolveHealthCheck(
  check: HealthCheckConfig | null | undefined,
): HealthCheckSnapshot | null {
  if (!check) {
    return defaults.clusterHealthCheck.value;
  }
  return {
    type: check.type ?? defaults.healthCheckType.value,
    intervalMs: ms(check.interval, defaults.healthCheckIntervalMs.value),
    timeoutMs: ms(check.timeout, defaults.healthCheckTimeoutMs.value),
    consecutiveFailures: check.consecutiveFailures ?? defaults.healthCheckConsecutiveFailures.value,
    consecutiveSuccesses:
      check.consecutiveSuccesses ?? defaults.healthCheckConsecutiveSuccesses.value,
    path: check.type === 'http' ? (check.path ?? defaults.healthCheckPath.value) : '',
    host: check.host ?? '',
  };
}

function resolveEjection(ejection: EjectionConfig | null | undefined): EjectionSnapshot | null {
  if (ejection === null) {
    return null;
  }
  const { earlyClose, baseTime, maxTime, minSuccessRate } = ejection ?? {};
  const baseMs = ms(baseTime, defaults.ejectionBaseTimeMs.value);
  const maxMs = ms(maxTime, defaults.ejectionMaxTimeMs.value);
  return {
    consecutiveFailures:
      ejection?.consecutiveFailures ?? defaults.ejectionConsecutiveFailures.value,
    earlyCloseMs: msOrNull(earlyClose, defaults.ejectionEarlyCloseMs.value),
    consecutiveEarlyCloses:
      ejection?.consecutiveEarlyCloses ?? defaults.ejectionConsecutiveEarlyCloses.value,
    consecutiveServerErrors:
      ejection?.consecutiveServerErrors ?? defaults.ejectionConsecutiveServerErrors.value,
    successPercentMin: minSuccessRate ? percent(minSuccessRate) : null,
    successRequestsMin: ejection?.minRequests ?? defaults.ejectionMinRequests.value,
    successWindowMs: ms(ejection?.successWindow, defaults.ejectionSuccessWindowMs.value),
    baseTimeMs: baseTime === undefined ? Math.min(baseMs, maxMs) : baseMs,
    maxTimeMs: maxTime === undefined ? Math.max(baseMs, maxMs) : maxMs,
    sharePercentMax: percent(ejection?.maxShare ?? defaults.ejectionMaxShare.value),
    panicPercent: percent(ejection?.panicThreshold ?? defaults.ejectionPanicThreshold.value),
  };
}

function resolveBalancer(cluster: ClusterConfig): BalancerSnapshot {
  const { balancer = defaults.clusterBalancer.value } = cluster;
  const long: BalancerConfig = typeof balancer === 'object' ? balancer : { type: balancer };
  if (long.type === 'ringHash' || long.type === 'maglev') {
    const bound = long.loadBound ?? defaults.hashLoadBound.value;
    return {
      type: long.type,
      loadBoundPercent: bound === null ? null : percent(bound),
      key: resolveHashKey(long.key),
    };
  }
  const slowStart = resolveSlowStart(cluster);
  if (long.type !== 'p2cEwma') {
    return { type: long.type, slowStart };
  }
  return {
    type: long.type,
    rttDefaultMs: ms(long.rttDefault, defaults.ewmaRttDefaultMs.value),
    decayMs: ms(long.decay, defaults.ewmaDecayMs.value),
    slowStart,
  };
}

function resolveHashKey(key: BalancerConfig['key'] = defaults.hashKey.value): HashKeySnapshot {
  if (typeof key === 'string') {
    return { type: key, name: '', cookieMaxAgeMs: null };
  }
  const { from, name, maxAge } = key;
  return {
    type: from,
    name: from === 'header' ? name.toLowerCase() : name,
    cookieMaxAgeMs: msOrNull(maxAge, defaults.hashCookieMaxAgeMs.value),
  };
}

function resolveSlowStart({ slowStart }: ClusterConfig): SlowStartSnapshot | null {
  if (slowStart === undefined || slowStart === null) {
    return defaults.slowStart.value;
  }
  const { window, minShare }: SlowStartConfig =
    typeof slowStart === 'string' ? { window: slowStart } : slowStart;
  return {
    windowMs: checked(parseDuration(window)),
    minSharePercent: percent(minShare ?? defaults.slowStartMinShare.value),
  };
}

/** There is one whenever the proxy knows its zone, unless it was turned off. */
function resolveZonePreference({ zonePreference }: ClusterConfig, { zone = null }: UserConfig) {
  if (zone === null || zonePreference === null) {
    return { zonePreference: null, ownZone: null };
  }
  const { minUsableShare, minUsableCount } = zonePreference ?? {};
  return {
    zonePreference: {
      usableSharePercentMin: percent(minUsableShare ?? defaults.zoneUsableShareMin.value),
      usableCountMin: minUsableCount ?? defaults.zoneUsableCountMin.value,
    },
    ownZone: zone,
  };
}

function resolveEndpoint(
  endpoint: string | EndpointConfig,
  cluster: ClusterConfig,
): ResolvedEndpoint {
  const long: EndpointConfig = typeof endpoint === 'string' ? { address: endpoint } : endpoint;
  return {
    address: formatEndpointAddress(checked(parseEndpointAddress(long.address))),
    weight: long.weight ?? defaults.endpointWeight.value,
    zone: long.zone === undefined ? (cluster.zone ?? defaults.clusterZone.value) : long.zone,
  };
}

function percent(share: number): number {
  return Math.round(share * 100);
}

function resolveKeepalive(keepalive: KeepaliveConfig | null | undefined): KeepaliveSnapshot | null {
  if (keepalive === null) {
    return null;
  }
  return {
    idleMs: ms(keepalive?.idle, defaults.keepaliveIdleMs.value),
    intervalMs: ms(keepalive?.interval, defaults.keepaliveIntervalMs.value),
    probesMax: keepalive?.probes ?? defaults.keepaliveProbesMax.value,
  };
}

function canonical(address: string): string {
  return formatAddress(checked(parseAddress(address)));
}
