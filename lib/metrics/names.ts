// Every metric family: name, type and help. The request_*, response_*, tcp_* and process_* names, labels and texts are those of
// linkerd2-proxy, so that its dashboards and alerts work; what only Weft measures starts with weft_.
// docs/metrics.md lists the same families; a test compares the two.

export type FamilyType = 'counter' | 'gauge' | 'summary' | 'histogram' | 'info';

export interface FamilyInfo {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
}

function counter(name: string, help: string): FamilyInfo {
  return { name, type: 'counter', help };
}

function gauge(name: string, help: string): FamilyInfo {
  return { name, type: 'gauge', help };
}

export const families = {
  requestTotal: counter('request_total', 'Total count of HTTP requests'),
  responseTotal: counter('response_total', 'Total count of HTTP responses'),
  responseLatency: {
    name: 'response_latency_ms',
    type: 'histogram',
    help: "Elapsed times between a request's headers being received and its response stream completing",
  },
  requestBodyBytesTotal: counter(
    'weft_request_body_bytes_total',
    'Bytes of bodies of requests that got a response, without their framing',
  ),
  responseBodyBytesTotal: counter(
    'weft_response_body_bytes_total',
    'Bytes of bodies of responses, without their framing',
  ),
  requestReplaysTotal: counter(
    'weft_request_replays_total',
    'Requests sent again because a connection died that had served others',
  ),

  requestRetriesTotal: counter(
    'weft_request_retries_total',
    'Requests tried again as their route says, and those that the budget did not allow',
  ),
  localRepliesTotal: counter(
    'weft_local_replies_total',
    'Requests that Weft answered itself, by reason',
  ),

  tcpOpenTotal: counter('tcp_open_total', 'Total count of opened connections'),
  tcpOpenConnections: gauge('tcp_open_connections', 'Number of currently-open connections'),
  tcpReadBytesTotal: counter('tcp_read_bytes_total', 'Total count of bytes read from peers'),
  tcpWriteBytesTotal: counter('tcp_write_bytes_total', 'Total count of bytes written to peers'),
  tcpCloseTotal: counter('tcp_close_total', 'Total count of closed connections'),

  connectionCloseTotal: counter(
    'weft_connection_close_total',
    'Connections that ended, by close reason',
  ),
  connectionProtocolTotal: counter(
    'weft_connection_protocol_total',
    'Connections by what they carry, as soon as that is known',
  ),
  connectFailuresTotal: counter(
    'weft_connect_failures_total',
    'Attempts to connect to an endpoint that failed',
  ),
  connectDuration: {
    name: 'weft_connect_duration_seconds',
    type: 'summary',
    help: 'Time that connecting to an endpoint took, successes only',
  },
  endpointAvailable: gauge(
    'weft_endpoint_available',
    'Whether no worker avoids the endpoint after failures and no health check keeps it out',
  ),
  endpointEjectionsTotal: counter(
    'weft_endpoint_ejections_total',
    'Endpoints taken out of the balancer after failures, by reason',
  ),
  endpointEjectionsDeniedTotal: counter(
    'weft_endpoint_ejections_denied_total',
    'Times that an endpoint stayed because the largest share was ejected already',
  ),
  endpointsEjected: gauge('weft_endpoints_ejected', 'Endpoints ejected now, summed over workers'),
  clusterPanic: gauge(
    'weft_cluster_panic',
    'Workers that pick among all endpoints because too few are left',
  ),
  excludedPicksTotal: counter(
    'weft_endpoint_excluded_picks_total',
    'Ejected endpoints picked all the same, in a panic',
  ),
  endpointProbesTotal: counter(
    'weft_endpoint_probes_total',
    'Connects of our own that ask whether an endpoint is back, by result',
  ),
  healthChecksTotal: counter(
    'weft_health_checks_total',
    'Connects of our own that ask at intervals how an endpoint is, by result',
  ),
  endpointsUnhealthy: gauge('weft_endpoints_unhealthy', 'Endpoints that health checks keep out'),
  failFastTotal: counter(
    'weft_fail_fast_total',
    'Connections that failed at once because no endpoint has been usable for a while',
  ),
  limitRefusalsTotal: counter(
    'weft_cluster_limit_refusals_total',
    'Connections closed because a limit of the cluster was reached, by limit',
  ),
  pendingConnections: gauge(
    'weft_pending_connections',
    'Connections to endpoints that are being made now',
  ),
  queuedRequestsTotal: counter(
    'weft_queued_requests_total',
    'Requests that waited for a connection while a limit of the cluster was reached',
  ),
  queuedRequests: gauge('weft_queued_requests', 'Requests that wait for a connection now'),
  mirroredRequestsTotal: counter(
    'weft_mirrored_requests_total',
    'Copies of requests by the filter RequestMirror, by result',
  ),
  connectAttemptsTotal: counter('weft_connect_attempts_total', 'Attempts to connect to endpoints'),
  connectRetriesTotal: counter(
    'weft_connect_retries_total',
    'Attempts to connect to another endpoint after one failed',
  ),

  connections: gauge('weft_connections', 'Connections open now, by worker'),
  acceptedTotal: counter('weft_accepted_connections_total', 'Connections accepted'),
  handedOverTotal: counter(
    'weft_handed_over_connections_total',
    'Accepted connections that another worker than the accepting one serves',
  ),
  acceptPausesTotal: counter(
    'weft_accept_pauses_total',
    'Times that accepting stopped for want of descriptors or memory',
  ),
  acceptPaused: gauge('weft_accept_paused', 'Listeners that do not accept now'),
  draining: gauge('weft_draining', 'Whether no new connections are taken and open ones may finish'),
  bufferedBytes: gauge('weft_buffered_bytes', 'Bytes read and not yet written'),

  splicePromotionsTotal: counter(
    'weft_splice_promotions_total',
    'Times that a direction went from copying to splicing',
  ),
  spliceDemotionsTotal: counter(
    'weft_splice_demotions_total',
    'Times that a direction went from splicing back to copying',
  ),
  splicePipes: gauge('weft_splice_pipes', 'Pipes that splicing holds now'),
  splicePipesDeniedTotal: counter(
    'weft_splice_pipes_denied_total',
    'Pipes that splicing could not get, so that it copied instead',
  ),

  loopTurnsTotal: counter('weft_loop_turns_total', 'Turns of the event loop, by worker'),
  pollerChangesTotal: counter(
    'weft_poller_changes_total',
    'Changes of what the kernel watches for us (epoll_ctl), by worker',
  ),
  eventsDroppedTotal: counter(
    'weft_events_dropped_total',
    'Event records lost because JavaScript did not read in time',
  ),
  runsOverflowedTotal: counter(
    'weft_metric_runs_overflowed_total',
    'Label combinations that found no room and are counted as overflow',
  ),

  configReloadTotal: counter('weft_config_reload_total', 'Reloads of the configuration, by result'),
  configRevision: gauge(
    'weft_config_revision',
    'Number of the configuration: desired, and applied by every worker',
  ),
  accessLogTotal: counter(
    'weft_access_log_records_total',
    'Ended connections of listeners with an access log, by what became of their line',
  ),
  logDroppedTotal: counter(
    'weft_log_lines_dropped_total',
    'Lines for stdout that were dropped because their reader was slower',
  ),
  dnsLookupsTotal: counter(
    'weft_dns_lookups_total',
    'Lookups of host names that clusters have as endpoints, by result',
  ),
  dnsNames: gauge('weft_dns_names', 'Host names that clusters have as endpoints, by state'),
  buildInfo: {
    name: 'weft_build_info',
    type: 'info',
    help: 'Versions of what is running; always 1',
  },

  processCpuSeconds: counter(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds',
  ),
  processResidentMemory: gauge('process_resident_memory_bytes', 'Resident memory size in bytes'),
  processVirtualMemory: gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes'),
  processOpenFds: gauge('process_open_fds', 'Number of open file descriptors'),
  processMaxFds: gauge('process_max_fds', 'Maximum number of open file descriptors'),
  processThreads: gauge('process_threads', 'Number of OS threads in the process'),
  processStartTime: gauge(
    'process_start_time_seconds',
    'Time that the process started (in seconds since the UNIX epoch)',
  ),
} as const satisfies Record<string, FamilyInfo>;
