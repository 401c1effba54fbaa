// The tables that the bench prints.

import { median, pairedMedian, pairedRatio } from '../support/stats.ts';
import { alignTable, show } from '../tcp/table.ts';
import type { Metric, RowResult } from './measure.ts';

export const floorName = 'copy-floor';

/** One metric of one peer, round by round; empty when it was not measured. */
export function valuesOf(result: RowResult, peer: string, metric: Metric): number[] {
  return (result.samples.get(peer) ?? []).flatMap((sample) => sample[metric] ?? []);
}

export function medianOf(result: RowResult, peer: string, metric: Metric): number {
  return median(valuesOf(result, peer, metric));
}

/** The median over the rounds of peer / other. */
export function ratioOf(result: RowResult, metric: Metric, peer: string, other: string): number {
  return pairedRatio(valuesOf(result, peer, metric), valuesOf(result, other, metric));
}

export function differenceOf(result: RowResult, metric: Metric, peer: string, other: string) {
  const pair = [valuesOf(result, peer, metric), valuesOf(result, other, metric)] as const;
  return pairedMedian(...pair, (a, b) => a - b);
}

type Column = readonly [title: string, cell: (peer: string) => string];

function columnsOf(result: RowResult): Column[] {
  const shown = (metric: Metric) => (peer: string) => show(medianOf(result, peer, metric));
  const columns: Column[] = [
    ['CPU µs', shown('cpuUsPerRequest')],
    ['to floor', (peer) => show(ratioOf(result, 'cpuUsPerRequest', peer, floorName))],
    ['requests/s', shown('requestsPerSecond')],
    ['p50 µs', shown('p50Us')],
    ['p99 µs', shown('p99Us')],
  ];
  if (result.row.load === 'closed') return columns;
  return [
    ...columns,
    ['p99.9 µs', shown('p999Us')],
    ['p50-floor', (peer) => show(differenceOf(result, 'p50Us', peer, floorName))],
    ['lag p99', shown('lagP99Us')],
  ];
}

export function failureLines(failures: ReadonlyMap<string, string>): string {
  return [...failures].map(([peer, reason]) => `  ${peer} failed: ${reason}\n`).join('');
}

export function renderRow(result: RowResult, peers: readonly string[]): string {
  const columns = columnsOf(result);
  const lines = peers
    .filter((peer) => result.samples.has(peer))
    .map((peer) => [peer, ...columns.map(([, cell]) => cell(peer))]);
  const table = alignTable([['', ...columns.map(([title]) => title)], ...lines]);
  return `${result.row.name}: ${result.row.title}\n${table}${failureLines(result.failures)}`;
}
