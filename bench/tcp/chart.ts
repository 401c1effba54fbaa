// The chart of the README.

import { drawPanels } from '../support/chart.ts';
import { medianOf } from './figures.ts';
import type { Metric, RowName } from './rows.ts';
import type { Run } from './run.ts';

interface Figure {
  readonly row: RowName;
  readonly metric: Metric;
  readonly title: string;
  readonly unit: string;
}

const figures: readonly Figure[] = [
  { row: 'ping-pong-50', metric: 'cpuPerUnit', title: 'CPU, 64 B round trip', unit: 'µs' },
  { row: 'bulk-8', metric: 'cpuPerUnit', title: 'CPU, bulk', unit: 's/GiB' },
  { row: 'connect', metric: 'cpuPerUnit', title: 'CPU, new connection', unit: 'µs' },
  { row: 'latency', metric: 'p50Us', title: 'Latency p50, fixed rate', unit: 'µs' },
  { row: 'memory', metric: 'pairBytes', title: 'Memory, idle pair', unit: 'B' },
  { row: 'start', metric: 'startMs', title: 'Start to first byte', unit: 'ms' },
];

export function drawChart(run: Run): string {
  const panels = figures.map(({ row, metric, title, unit }) => {
    const result = run.results.get(row);
    const bars = run.peers
      .map(({ name, kind }) => ({ name, kind, value: medianOf(result, name, metric) }))
      .filter(({ value }) => Number.isFinite(value));
    return { title, unit, bars };
  });
  return drawPanels(panels, 'Weft and other TCP proxies', run.provenance);
}
