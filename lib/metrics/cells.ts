// Where in a run each count stands: indexes into the lists of contract/metrics.ts.

/** Cells that both sides of a connection have, in the order of runCells. */
export const tcpCells = { opens: 0, openNow: 1, readBytes: 2, writeBytes: 3 } as const;

/** Cells that only endpoints have, counted from `connectFailures`. */
export const connectCells = {
  connectFailures: 0,
  connectCount: 1,
  connectUsSum: 2,
  unavailableNow: 3,
} as const;

/** What connections can be counted as, in the order of runCells. */
export const knownProtocols = ['opaque', 'http1', 'http2', 'grpc', 'tls'] as const;

/** Cells of requests, in the order of runCells. */
export const requestCells = { requests: 0, replays: 1, retries: 2, retriesDenied: 3 } as const;

/** Cells of responses, in the order of runCells; the buckets follow. */
export const responseCells = {
  successes: 0,
  failures: 1,
  latencyUsSum: 2,
  requestBytes: 3,
  responseBytes: 4,
  latencies: 5,
} as const;

export const clusterCells = {
  ejectionsByFailures: 0,
  ejectionsByEarlyCloses: 1,
  ejectionsDenied: 2,
  ejectedNow: 3,
  panicNow: 4,
  excludedPicks: 5,
  probes: 6,
  probeFailures: 7,
  failedFast: 8,
  connectionsRefused: 9,
  pendingRefused: 10,
  endpointsRefused: 11,
  pendingNow: 12,
  healthChecks: 13,
  healthCheckFailures: 14,
  unhealthyNow: 15,
  ejectionsByServerErrors: 16,
  ejectionsBySuccessRate: 17,
  queued: 18,
  queuedNow: 19,
  mirrorSuccesses: 20,
  mirrorFailures: 21,
  mirrorSkips: 22,
} as const;
