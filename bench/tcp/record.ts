// bench/results: one JSON file for each day's run of a kind, and the chart that the README shows.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { resultsFolder, root } from '../support/paths.ts';
import { drawChart } from './chart.ts';
import { medianOf } from './figures.ts';
import type { Metric } from './rows.ts';
import type { Run } from './run.ts';

const metrics: readonly Metric[] = [
  'throughput',
  'p50Us',
  'p99Us',
  'p999Us',
  'lagP99Us',
  'cpuPerUnit',
  'exactBytes',
  'idleBytes',
  'pairBytes',
  'leftBytes',
  'startMs',
];

function peersOf(run: Run) {
  return run.peers.map(({ name, kind, version, note }) => ({ name, kind, version, note }));
}

function rowsOf(run: Run) {
  return [...run.results.values()].map((result) => {
    const peers: Record<string, unknown> = {};
    for (const [name, samples] of result.samples) {
      const medians: Partial<Record<Metric, number>> = {};
      for (const metric of metrics) {
        const value = medianOf(result, name, metric);
        if (Number.isFinite(value)) medians[metric] = value;
      }
      peers[name] = { median: medians, samples };
    }
    const { name, title, unit, floor } = result.row;
    return { name, title, unit, floor, peers, failures: Object.fromEntries(result.failures) };
  });
}

// Returns the paths that were written, relative to the repository.
export function record(run: Run): string[] {
  mkdirSync(resultsFolder, { recursive: true });
  const { provenance, options, verdicts } = run;
  const suffix = options.redirect ? '-redirected' : '';
  const json = join(resultsFolder, `${provenance.date.slice(0, 10)}-tcp${suffix}.json`);
  const { rounds, seconds, rate, threads, pin, redirect } = options;
  const content = {
    ...provenance,
    options: { rounds, seconds, rate, threads, pin, redirect },
    peers: peersOf(run),
    rows: rowsOf(run),
    targets: verdicts,
  };
  writeFileSync(json, `${JSON.stringify(content, null, 2)}\n`);
  if (options.redirect) return [relative(root, json)];
  const svg = join(resultsFolder, 'tcp.svg');
  writeFileSync(svg, drawChart(run));
  return [json, svg].map((path) => relative(root, path));
}
