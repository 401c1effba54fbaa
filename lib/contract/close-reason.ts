// Every way in which a connection ends. The number is the index; native/telemetry/close_reason.h has the
// same list, test/contract compares them, docs/errors.md explains each.

export const closeReasons = [
  'finished',
  'downstream_reset',
  'upstream_reset',
  'downstream_lost',
  'upstream_lost',
  'downstream_gone',
  'idle_timeout',
  'connect_refused',
  'connect_timeout',
  'connect_failed',
  'loop',
  'no_endpoint',
  'proxy_protocol_error',
  'fail_fast',
  'tls_no_route',
  'request_invalid',
  'request_timeout',
  'response_invalid',
  'upstream_closed',
  'cluster_limit',
  'pending_limit',
  'endpoint_limit',
  'listener_limit',
  'connection_limit',
  'buffer_limit',
  'resources_exhausted',
  'listener_removed',
  'endpoint_removed',
  'drain_deadline',
  'stopped',
] as const;

export type CloseReason = (typeof closeReasons)[number];
