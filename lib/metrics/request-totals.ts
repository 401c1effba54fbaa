// What requests have counted since the process began, by route and cluster: summed over workers, endpoints and statuses.

import { noId } from '../contract/metrics.ts';
import type { Direction } from '../contract/snapshot.ts';
import { requestCells, responseCells } from './cells.ts';
import { directionName, type LabelSource } from './labels.ts';
import type { RunView } from './slab-reader.ts';

export interface RequestTotals {
  readonly direction: Direction;
  /** `null`: requests of listeners that have no routes. */
  readonly route: string | null;
  /** `null`: the route answered by itself, or nothing was chosen. */
  readonly cluster: string | null;
  readonly requestsTotal: number;
  /** See weft_request_replays_total and weft_request_retries_total. */
  readonly replaysTotal: number;
  readonly retriesTotal: number;
  readonly retriesDeniedTotal: number;
  readonly successesTotal: number;
  readonly failuresTotal: number;
  /** Of bodies, without their framing. */
  readonly requestBytesTotal: number;
  readonly responseBytesTotal: number;
  /** Responses by latency: one number for each of latencyBoundsMs, and one for those above. */
  readonly latencyCounts: readonly number[];
}

type Sums = { -readonly [Name in keyof RequestTotals]: RequestTotals[Name] } & {
  latencyCounts: number[];
};

interface CountedRun {
  readonly view: RunView;
  readonly values: Float64Array;
}

/** In the order in which they were first met. Combinations that found no room in a worker are in none. */
export function requestTotalsOf(
  runs: Iterable<CountedRun>,
  labels: LabelSource,
): readonly RequestTotals[] {
  const found = new Map<string, Sums>();
  for (const { view, values } of runs) {
    if (view.kind !== 'httpRequest' && view.kind !== 'httpResponse') {
      continue;
    }
    const [direction = 0, clusterId = noId, , , routeId = noId] = view.ids;
    const key = `${direction} ${clusterId} ${routeId}`;
    let sums = found.get(key);
    if (sums === undefined) {
      sums = {
        ...nothing(),
        direction: directionName(direction),
        route: routeId === noId ? null : (labels.route(routeId)?.name ?? 'unknown'),
        cluster: clusterId === noId ? null : (labels.cluster(clusterId)?.name ?? 'unknown'),
      };
      found.set(key, sums);
    }
    (view.kind === 'httpRequest' ? addRequests : addResponses)(sums, values);
  }
  return [...found.values()];
}

function nothing() {
  return {
    requestsTotal: 0,
    replaysTotal: 0,
    retriesTotal: 0,
    retriesDeniedTotal: 0,
    successesTotal: 0,
    failuresTotal: 0,
    requestBytesTotal: 0,
    responseBytesTotal: 0,
    latencyCounts: [] as number[],
  };
}

function addRequests(sums: Sums, values: Float64Array): void {
  sums.requestsTotal += values[requestCells.requests] ?? 0;
  sums.replaysTotal += values[requestCells.replays] ?? 0;
  sums.retriesTotal += values[requestCells.retries] ?? 0;
  sums.retriesDeniedTotal += values[requestCells.retriesDenied] ?? 0;
}

function addResponses(sums: Sums, values: Float64Array): void {
  sums.successesTotal += values[responseCells.successes] ?? 0;
  sums.failuresTotal += values[responseCells.failures] ?? 0;
  sums.requestBytesTotal += values[responseCells.requestBytes] ?? 0;
  sums.responseBytesTotal += values[responseCells.responseBytes] ?? 0;
  for (const [bucket, count] of values.subarray(responseCells.latencies).entries()) {
    sums.latencyCounts[bucket] = (sums.latencyCounts[bucket] ?? 0) + count;
  }
}
