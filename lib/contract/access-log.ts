// The fields of an access-log line, in the order of a JSON line. A format of the user's names them in braces;
// docs/operations.md explains each.

export const accessLogFields = [
  'connectionId',
  'listener',
  'direction',
  'cluster',
  'endpoint',
  'downstreamAddress',
  'upstreamAddress',
  'originalDst',
  'closeReason',
  'errno',
  'started',
  'ended',
  'durationUs',
  'connectUs',
  'downstreamReadBytes',
  'upstreamReadBytes',
  'attemptCount',
  'protocol',
] as const;

export type AccessLogField = (typeof accessLogFields)[number];

/** The same for the line of a request of HTTP. */
export const requestLogFields = [
  'connectionId',
  'listener',
  'direction',
  'route',
  'cluster',
  'endpoint',
  'downstreamAddress',
  'upstreamAddress',
  'method',
  'host',
  'path',
  'status',
  'closeReason',
  'started',
  'durationUs',
  'requestBytes',
  'responseBytes',
  'connectCount',
  'retryCount',
  'traceId',
  'requestId',
  'userAgent',
] as const;

export type RequestLogField = (typeof requestLogFields)[number];
