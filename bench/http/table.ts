// The tables that the bench prints.

import { show } from '../support/chart.ts';
import type { Interleaved } from '../support/interleave.ts';
import { median, pairedMedian, pairedRatio } from '../support/stats.ts';
import { alignTable } from '../tcp/table.ts';
import type { Metric, RowResult, Sample, ScenarioResult } from './measure.ts';

export const floorName = 'copy-floor';

type Taken = Interleaved<Sample>;

/** One metric of one peer, round by round; empty when it was not measured. */
export function valuesOf(result: Taken, peer: string, metric: Metric): number[] {
  return (result.samples.get(peer) ?? []).flatMap((sample) => sample[metric] ?? []);
}

export function medianOf(result: Taken, peer: string, metric: Metric): number {
  return median(valuesOf(result, peer, metric));
}

/** The median over the rounds of peer / other. */
export function ratioOf(result: Taken, metric: Metric, peer: string, other: string): number {
  return pairedRatio(valuesOf(result, peer, metric), valuesOf(result, other, metric));
}

export function differenceOf(result: Taken, metric: Metric, peer: string, other: string) {
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

const scenarioColumns: readonly (readonly [Metric, string])[] = [
  ['peakPerSecond', 'peak/s'],
  ['requestsPerSecond', 'answered/s'],
  ['refusedPerSecond', 'refused/s'],
  ['lost', 'lost'],
  ['p50Us', 'p50 µs'],
  ['p99Us', 'p99 µs'],
  ['p999Us', 'p99.9 µs'],
  ['unloadedP99Us', 'unloaded p99'],
  ['refusedP99Us', 'refused p99'],
  ['lagP99Us', 'lag p99'],
  ['cpuUsPerRequest', 'CPU µs'],
  ['idleBytes', 'nobody B'],
  ['pairBytes', 'client B'],
  ['leftBytes', 'behind B'],
];

export function renderScenario(result: ScenarioResult): string {
  const measured = [...result.samples.keys()];
  const columns = scenarioColumns.filter(([metric]) =>
    measured.some((name) => valuesOf(result, name, metric).length > 0),
  );
  const lines = measured.map((name) => [
    name,
    ...columns.map(([metric]) => show(medianOf(result, name, metric))),
  ]);
  const { name, title, variants } = result.scenario;
  const table = alignTable([['', ...columns.map(([, heading]) => heading)], ...lines]);
  const notes = Object.entries(variants).map((entry) => `  ${entry.join(': ')}\n`);
  return `${name}: ${title}\n${table}${failureLines(result.failures)}${notes.join('')}`;
}
