// The tables that the bench prints.

import { show } from '../support/chart.ts';
import { differenceOf, medianOf, ratioOf, spreadOf } from './figures.ts';
import type { RowResult } from './measure.ts';
import type { Row } from './rows.ts';
import type { Verdict } from './targets.ts';

type Column = readonly [title: string, cell: (peer: string) => string];

function showRatio(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(2)}x` : '-';
}

function showSpread(value: number): string {
  return Number.isFinite(value) ? `±${(value * 100).toFixed(1)}%` : '-';
}

const cpuUnits = { message: 'CPU µs/msg', connection: 'CPU µs/conn', GiB: 'CPU s/GiB', none: '' };
const rateUnits = { message: 'msg/s', connection: 'conn/s', GiB: 'GiB/s', none: '' };

function loadColumns(result: RowResult): Column[] {
  const { row } = result;
  const hasLatency = row.unit !== 'GiB';
  const latency: Column[] = [
    ['p50 µs', (peer) => show(medianOf(result, peer, 'p50Us'))],
    ['p99 µs', (peer) => show(medianOf(result, peer, 'p99Us'))],
    ['p99.9 µs', (peer) => show(medianOf(result, peer, 'p999Us'))],
  ];
  const p99Ratio: Column = [
    'p99/floor',
    (peer) => showRatio(ratioOf(result, 'p99Us', peer, row.floor)),
  ];
  const added: Column[] = ['direct', row.floor].map((other) => [
    `p50-${other.replace('copy-', '')}`,
    (peer) => show(differenceOf(result, 'p50Us', peer, other)),
  ]);
  return [
    [rateUnits[row.unit], (peer) => show(medianOf(result, peer, 'throughput'))],
    ...(hasLatency ? latency : []),
    ...(row.load[0] === 'open-loop' ? added : []),
    [cpuUnits[row.unit], (peer) => show(medianOf(result, peer, 'cpuPerUnit'))],
    ['spread', (peer) => showSpread(spreadOf(result, peer, 'cpuPerUnit'))],
    ['CPU/floor', (peer) => showRatio(ratioOf(result, 'cpuPerUnit', peer, row.floor))],
    ...(hasLatency ? [p99Ratio] : []),
    ['weft/it CPU', (peer) => showRatio(ratioOf(result, 'cpuPerUnit', 'weft', peer))],
  ];
}

function columnsOf(result: RowResult): Column[] {
  const { row } = result;
  const megabytes = (peer: string, metric: 'idleBytes' | 'leftBytes') =>
    show(medianOf(result, peer, metric) / 1e6);
  switch (row.name) {
    case 'exact':
      return [['bytes right', (peer) => show(medianOf(result, peer, 'exactBytes'))]];
    case 'memory':
      return [
        ['idle MB', (peer) => megabytes(peer, 'idleBytes')],
        ['B/pair', (peer) => show(medianOf(result, peer, 'pairBytes'))],
        ['after MB', (peer) => megabytes(peer, 'leftBytes')],
        ['weft/it pair', (peer) => showRatio(ratioOf(result, 'pairBytes', 'weft', peer))],
      ];
    case 'start':
      return [
        ['ms', (peer) => show(medianOf(result, peer, 'startMs'))],
        ['weft/it', (peer) => showRatio(ratioOf(result, 'startMs', 'weft', peer))],
      ];
    default:
      return loadColumns(result);
  }
}

export function alignTable(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const align = (cell: string, i: number) =>
    i === 0 ? cell.padEnd(widths?.[i] ?? 0) : cell.padStart(widths?.[i] ?? 0);
  return lines.map((line) => `  ${line.map(align).join('  ').trimEnd()}\n`).join('');
}

export function heading(row: Row): string {
  return `${row.name}: ${row.title}\n`;
}

export function renderRow(result: RowResult, peers: readonly string[]): string {
  const columns = columnsOf(result);
  const measured = peers.filter((peer) => result.samples.has(peer));
  const lines = [
    ['peer', ...columns.map(([title]) => title)],
    ...measured.map((peer) => [peer, ...columns.map(([, cell]) => cell(peer))]),
  ];
  const failures = [...result.failures].map(([peer, reason]) => `  ${peer} failed: ${reason}\n`);
  return alignTable(lines) + failures.join('');
}

export function renderVerdicts(verdicts: readonly Verdict[]): string {
  return alignTable([
    ['target', 'measured', 'at most', 'verdict'],
    ...verdicts.map(({ target, measured, limit, unit, status }) => [
      target,
      Number.isNaN(measured) ? '-' : `${show(measured)} ${unit}`,
      `${show(limit)} ${unit}`,
      status,
    ]),
  ]);
}
