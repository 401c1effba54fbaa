// What comes up in batches: records of variable length. All integers are little-endian.
//
//   offset 0   u16  size of the whole record in bytes, a multiple of 8, at most 4096
//          2   u8   kind (index into eventKinds)
//          3   u8   how many u64 numbers follow
//          4   u8   how many byte fields follow the numbers
//          5   u8   bit i set: byte field i was cut to fit
//          6   u16  zero
//          8   u64  wall clock, microseconds since 1970
//         16   u64  numbers, in the order of eventNumbers[kind]
//          .   u16 length, then that many bytes, for each field of eventFields[kind]
//          .   zeros up to the next multiple of 8
//
// native/telemetry/event.h writes the same layout.

export const eventHeaderBytes = 16;
export const eventBytesMax = 4096;

export const eventKinds = [
  'connectionClosed',
  'acceptPaused',
  'acceptResumed',
  'endpointUnavailable',
  'endpointAvailable',
  'limitReached',
  'clusterPanic',
  'requestEnded',
] as const;

export type EventKind = (typeof eventKinds)[number];

export const eventNumbers = {
  connectionClosed: [
    'connectionId',
    'listenerId',
    'clusterId',
    'endpointId',
    'closeReason',
    'errno',
    'startedUs',
    'connectUs',
    'downstreamReadBytes',
    'upstreamReadBytes',
    'attemptCount',
    'protocol',
  ],
  acceptPaused: ['listenerId', 'errno'],
  acceptResumed: ['listenerId'],
  /** `cause` is an index into unavailableCauses. */
  endpointUnavailable: ['clusterId', 'endpointId', 'errno', 'closeReason', 'backoffMs', 'cause'],
  endpointAvailable: ['clusterId', 'endpointId', 'cause'],
  /** Of a listener or of the process, or of a cluster; the other id is noId. */
  limitReached: ['closeReason', 'listenerId', 'clusterId'],
  /** `panic`: 1 when it begins, 0 when it ends. */
  clusterPanic: ['clusterId', 'panic', 'leftCount', 'endpointCount'],
  /** `status` is 0 when the client got none. */
  requestEnded: [
    'connectionId',
    'listenerId',
    'clusterId',
    'endpointId',
    'routeId',
    'status',
    'closeReason',
    'durationUs',
    'requestBytes',
    'responseBytes',
    'attemptCount',
    'retryCount',
  ],
} as const satisfies Record<EventKind, readonly string[]>;

export const eventFields = {
  connectionClosed: ['downstreamAddress', 'upstreamAddress', 'originalDst'],
  acceptPaused: [],
  acceptResumed: [],
  endpointUnavailable: ['address'],
  endpointAvailable: ['address'],
  limitReached: [],
  clusterPanic: [],
  requestEnded: [
    'method',
    'host',
    'traceId',
    'requestId',
    'userAgent',
    'downstreamAddress',
    'upstreamAddress',
    'path',
  ],
} as const satisfies Record<EventKind, readonly string[]>;

/** What `protocol` stands for, by index; the first for a connection whose protocol never became known. */
export const protocols = ['detect', 'opaque', 'http1', 'http2', 'grpc', 'tls'] as const;

/** Why an endpoint counts as unavailable. */
export const unavailableCauses = [
  'connect_failures',
  'early_closes',
  'health_check',
  'server_errors',
  'success_rate',
] as const;

export type UnavailableCause = (typeof unavailableCauses)[number];

/** An id that is not there, for example the endpoint of a connection that never had one. */
export const noId = 0xffffffff;
