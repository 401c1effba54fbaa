// bench/results: one JSON file for each day's run, with every sample, and the chart of docs/benchmarks.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Provenance } from '../support/machine.ts';
import { resultsFolder, root } from '../support/paths.ts';
import type { Verdict } from '../tcp/targets.ts';
import { drawChart } from './chart.ts';
import type { RowResult, ScenarioResult } from './measure.ts';
import type { HttpOptions } from './options.ts';
import type { HttpPeer } from './peers/peer.ts';

export interface Run {
  readonly provenance: Provenance;
  readonly options: HttpOptions;
  readonly peers: readonly HttpPeer[];
  readonly results: readonly RowResult[];
  readonly scenarios: readonly ScenarioResult[];
  readonly verdicts: readonly Verdict[];
}

function rowsOf({ results }: Run) {
  return results.map(({ row, samples, failures }) => ({
    ...row,
    samples: Object.fromEntries(samples),
    failures: Object.fromEntries(failures),
  }));
}

function scenariosOf({ scenarios }: Run) {
  return scenarios.map(({ scenario, samples, failures }) => ({
    ...scenario,
    samples: Object.fromEntries(samples),
    failures: Object.fromEntries(failures),
  }));
}

/** Returns the paths that were written, relative to the repository. */
export function record(run: Run): string[] {
  mkdirSync(resultsFolder, { recursive: true });
  const path = join(resultsFolder, `${run.provenance.date.slice(0, 10)}-${run.options.as}.json`);
  const { rounds, seconds, rate, threads, pin } = run.options;
  const content = {
    ...run.provenance,
    options: { rounds, seconds, rate, threads, pin },
    peers: run.peers.map(({ name, kind, version, note }) => ({ name, kind, version, note })),
    rows: rowsOf(run),
    scenarios: scenariosOf(run),
    targets: run.verdicts,
  };
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  const svg = join(resultsFolder, 'http.svg');
  writeFileSync(svg, drawChart(run));
  return [path, svg].map((written) => relative(root, written));
}
