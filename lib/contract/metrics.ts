// What comes up as memory: for each worker one slab of 64-bit cells and one directory of runs, both written
// by that worker alone and read here without a call. native/telemetry/{cells,cell_table}.h are the other side.
//
// The slab begins with one cell for each name in workerCells. A run is a block of consecutive cells that a
// worker took when it first met a label combination; the directory says what it means. A directory slot:
//
//   offset 0   u32  generation; even: free, odd: in use. Read it before and after the rest.
//          4   u16  kind (index into runKinds)
//          6   u16  how many cells
//          8   u32  index of the first cell in the slab
//         12   u32  [5] ids, in the order of runIds[kind]; unused ones are zero
//         32   u16  length of the text, at most 94
//         34        text (UTF-8), for labels that are strings
//
// Slot k of kind 'overflow' counts what found no free run of kind k.

export const workerCells = [
  'loopTurns',
  'accepted',
  'acceptPauses',
  'acceptPausedNow',
  'handedOver',
  'connectionsNow',
  'bufferedBytesNow',
  'eventsDropped',
  'runsOverflowed',
  'splicePromotions',
  'spliceDemotions',
  'pipesNow',
  'pipesDenied',
  'appliedRevision',
  'connectAttempts',
  'connectRetries',
  'pollerChanges',
  'drainingNow',
] as const;

export type WorkerCell = (typeof workerCells)[number];

export const directorySlotBytes = 128;

/** Upper bounds of the buckets of response_latency_ms, those of linkerd2-proxy; one more is above. */
export const latencyBoundsMs = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1_000, 2_000, 3_000, 4_000, 5_000,
  10_000, 20_000, 30_000, 40_000, 50_000,
] as const;

/** The cluster, the endpoint or the route of a request that got none. */
export const noId = 0xffff_ffff;

export const runKinds = [
  'overflow',
  'listenerTcp',
  'endpointTcp',
  'closeErrno',
  'cluster',
  'httpRequest',
  'httpResponse',
] as const;

export type RunKind = (typeof runKinds)[number];

/** `direction`: 0 inbound, 1 outbound. `peer`: 0 src (downstream), 1 dst (upstream). */
export const runIds = {
  overflow: ['ofKind'],
  listenerTcp: ['listenerId', 'direction'],
  endpointTcp: ['direction', 'clusterId', 'endpointId'],
  closeErrno: ['peer', 'direction', 'listenerOrClusterId', 'endpointId', 'errno'],
  cluster: ['clusterId'],
  httpRequest: ['direction', 'clusterId', 'endpointId', 'unused', 'routeId'],
  httpResponse: ['direction', 'clusterId', 'endpointId', 'status', 'routeId'],
} as const satisfies Record<RunKind, readonly string[]>;

/** Cells of each run, in order. Those of listenerTcp from `opaque` to `tls` count connections by what they carry. `closes` and `replies` of listenerTcp stand for one cell for each close reason. */
export const runCells = {
  overflow: [],
  listenerTcp: [
    'opens',
    'openNow',
    'readBytes',
    'writeBytes',
    'opaque',
    'http1',
    'http2',
    'grpc',
    'tls',
    'closes',
    'replies',
  ],
  endpointTcp: [
    'opens',
    'openNow',
    'readBytes',
    'writeBytes',
    'connectFailures',
    'connectCount',
    'connectUsSum',
    'unavailableNow',
  ],
  closeErrno: ['closes'],
  cluster: [
    'ejectionsByFailures',
    'ejectionsByEarlyCloses',
    'ejectionsDenied',
    'ejectedNow',
    'panicNow',
    'excludedPicks',
    'probes',
    'probeFailures',
    'failedFast',
    'connectionsRefused',
    'pendingRefused',
    'endpointsRefused',
    'pendingNow',
    'healthChecks',
    'healthCheckFailures',
    'unhealthyNow',
    'ejectionsByServerErrors',
    'ejectionsBySuccessRate',
    'queued',
    'queuedNow',
    'mirrorSuccesses',
    'mirrorFailures',
    'mirrorSkips',
  ],
  httpRequest: ['requests', 'replays', 'retries', 'retriesDenied'],
  httpResponse: [
    'successes',
    'failures',
    'latencyUsSum',
    'requestBytes',
    'responseBytes',
    ...latencyBoundsMs.map((bound) => `latencyTo${bound}Ms` as const),
    'latencyAbove',
  ],
} as const satisfies Record<RunKind, readonly string[]>;

/** Memory of one worker, owned by native code; it stays for as long as somebody holds it. */
export interface MetricsMemory {
  readonly cells: ArrayBuffer;
  readonly directory: ArrayBuffer;
}
