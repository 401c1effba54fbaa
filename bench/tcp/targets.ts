// The targets of the product plan for opaque TCP, and whether Weft reached them in this run.

import { differenceOf, medianOf, type Results, ratioOf } from './figures.ts';
import type { Peer } from './peers/peer.ts';
import type { Metric, RowName } from './rows.ts';

export interface Verdict {
  readonly row: string;
  readonly target: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  readonly status: 'PASS' | 'MISS' | 'not measured';
}

const us = 'µs';
const times = 'x';

interface Target {
  readonly row: RowName;
  readonly target: string;
  readonly limit: number;
  readonly unit: string;
  // The limit itself is not good enough.
  readonly below?: boolean;
  measure(results: Results): number;
}

function toFloor(row: RowName, metric: Metric, floor: string, limit: number): Target {
  const what = metric === 'p99Us' ? 'p99' : 'CPU';
  return {
    row,
    target: `${row}: ${what} against the ${floor}`,
    limit,
    unit: times,
    measure: (results) => ratioOf(results.get(row), metric, 'weft', floor),
  };
}

function toCompetitor(row: RowName, metric: Metric, peer: string): Target {
  const what = metric === 'p99Us' ? 'p99' : 'CPU';
  return {
    row,
    target: `${row}: ${what} against ${peer}`,
    limit: 1,
    unit: times,
    below: true,
    measure: (results) => ratioOf(results.get(row), metric, 'weft', peer),
  };
}

const absolute: readonly Target[] = [
  {
    row: 'latency',
    target: 'latency: p50 above the copy-floor',
    limit: 5,
    unit: us,
    measure: (results) => differenceOf(results.get('latency'), 'p50Us', 'weft', 'copy-floor'),
  },
  {
    row: 'latency-half',
    target: 'latency-half: p99',
    limit: 1_000,
    unit: us,
    below: true,
    measure: (results) => medianOf(results.get('latency-half'), 'weft', 'p99Us'),
  },
  {
    row: 'memory',
    target: 'memory: private dirty, idle',
    limit: 14,
    unit: 'MB',
    measure: (results) => medianOf(results.get('memory'), 'weft', 'idleBytes') / 1e6,
  },
  {
    row: 'memory',
    target: 'memory: private dirty of an idle pair',
    limit: 768,
    unit: 'B',
    measure: (results) => medianOf(results.get('memory'), 'weft', 'pairBytes'),
  },
  {
    row: 'start',
    target: 'start: to the first byte carried',
    limit: 250,
    unit: 'ms',
    measure: (results) => medianOf(results.get('start'), 'weft', 'startMs'),
  },
];

function allTargets(peers: readonly Peer[]): Target[] {
  const pingPong: readonly RowName[] = ['ping-pong-1', 'ping-pong-50'];
  const competitorsIn = (row: RowName) =>
    peers.filter(({ kind, rows }) => kind === 'competitor' && (rows?.includes(row) ?? true));
  return [
    ...pingPong.flatMap((row) => [
      toFloor(row, 'cpuPerUnit', 'copy-floor', 1.05),
      toFloor(row, 'p99Us', 'copy-floor', 1.1),
      ...competitorsIn(row).flatMap(({ name }) => [
        toCompetitor(row, 'cpuPerUnit', name),
        toCompetitor(row, 'p99Us', name),
      ]),
    ]),
    toFloor('bulk-1', 'cpuPerUnit', 'splice-floor', 1.15),
    toFloor('bulk-8', 'cpuPerUnit', 'splice-floor', 1.15),
    toFloor('connect', 'cpuPerUnit', 'copy-floor', 1.15),
    ...absolute,
  ];
}

// Targets of the rows that were run. A peer that was not measured yields "not measured".
export function judge(results: Results, peers: readonly Peer[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const { row, target, limit, unit, below, measure } of allTargets(peers)) {
    if (!results.has(row)) continue;
    const measured = measure(results);
    const reached = below ? measured < limit : measured <= limit;
    const status = Number.isNaN(measured) ? 'not measured' : reached ? 'PASS' : 'MISS';
    verdicts.push({ row, target, measured, limit, unit, status });
  }
  return verdicts;
}
