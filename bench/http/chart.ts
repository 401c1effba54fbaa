// The chart of docs/benchmarks.md.

import { drawPanels, type Panel } from '../support/chart.ts';
import type { Interleaved } from '../support/interleave.ts';
import type { Metric, Sample } from './measure.ts';
import type { Run } from './record.ts';
import { medianOf } from './table.ts';

interface Figure {
  /** A row or a scenario. */
  readonly of: string;
  readonly metric: Metric;
  readonly title: string;
  readonly unit: string;
  /** What one unit of it is in the unit of the metric; 1 if absent. */
  readonly divisor?: number;
  /** Beside its bar the others would be none. */
  readonly without?: string;
}

const cpu = { metric: 'cpuUsPerRequest', unit: 'µs' } as const;
const p99 = { metric: 'p99Us', unit: 'ms', divisor: 1_000 } as const;

const figures: readonly Figure[] = [
  { of: 'get-50', ...cpu, title: 'CPU, small GET' },
  { of: 'routes-1000', ...cpu, title: 'CPU, GET with 1,000 routes' },
  { of: 'pipelined', ...cpu, title: 'CPU, pipelined GET' },
  { of: 'post-10k', ...cpu, title: 'CPU, POST echo of 10 KiB' },
  { of: 'latency', metric: 'p50Us', unit: 'µs', title: 'Latency p50, one rate' },
  { of: 'latency-half', ...p99, title: 'Latency p99, half of own peak' },
  { of: 'slow-endpoint', ...p99, title: 'p99, 1 of 10 endpoints slow' },
  { of: 'overload', ...p99, title: 'p99 of accepted, 5 x overload', without: 'weft-default' },
];

type Measured = Interleaved<Sample> & {
  readonly row?: { readonly name: string };
  readonly scenario?: { readonly name: string };
};

const nameOf = ({ row, scenario }: Measured) => row?.name ?? scenario?.name;

export function drawChart({ peers, results, scenarios, provenance }: Run): string {
  const measured: readonly Measured[] = [...results, ...scenarios];
  // A second way in which Weft is set up is drawn as another program.
  const kindOf = (name: string) => peers.find((peer) => peer.name === name)?.kind ?? 'competitor';
  const panels = figures.flatMap(({ of, metric, title, unit, divisor = 1, without }): Panel[] => {
    const result = measured.find((one) => nameOf(one) === of);
    if (result === undefined) return [];
    const bars = [...result.samples.keys()]
      .map((name) => ({
        name,
        kind: kindOf(name),
        value: medianOf(result, name, metric) / divisor,
      }))
      .filter(({ name, value }) => name !== without && Number.isFinite(value));
    return [{ title, unit, bars }];
  });
  return drawPanels(panels, 'Weft and other HTTP proxies', provenance);
}
