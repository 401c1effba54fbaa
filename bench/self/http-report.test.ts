// Targets, tables and the chart of bench:http, from figures that are known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawChart } from '../http/chart.ts';
import type { RowResult, Sample, ScenarioResult } from '../http/measure.ts';
import { readOptions } from '../http/options.ts';
import { rows } from '../http/rows.ts';
import { renderRow, renderScenario } from '../http/table.ts';
import { judge } from '../http/targets.ts';
import { describeRun } from '../support/machine.ts';

type Samples = Record<string, Sample[]>;

function rowResult(name: string, samples: Samples): RowResult {
  const row = rows.find((candidate) => candidate.name === name);
  assert.ok(row);
  return { row, samples: new Map(Object.entries(samples)), failures: new Map() };
}

function scenarioResult(name: string, samples: Samples): ScenarioResult {
  const scenario = { name, title: name, facts: {}, variants: { weft: 'its default' } };
  return { scenario, samples: new Map(Object.entries(samples)), failures: new Map() };
}

const get50 = (weftUs: number) =>
  rowResult('get-50', {
    'copy-floor': [{ cpuUsPerRequest: 10 }],
    weft: [{ cpuUsPerRequest: weftUs }],
    haproxy: [{ cpuUsPerRequest: 15 }],
  });

const overload = (answered: number, p99Us: number, others: Samples = {}) =>
  scenarioResult('overload', {
    ...others,
    weft: [{ requestsPerSecond: answered, peakPerSecond: 100, p99Us, unloadedP99Us: 10 }],
  });

function statusOf(target: string, results: RowResult[], scenarios: ScenarioResult[] = []) {
  const verdict = judge(results, scenarios).find((candidate) => candidate.target.includes(target));
  return verdict?.status;
}

test('a target is reached at its limit, missed above it, and open where nobody was measured', () => {
  assert.equal(statusOf('against copy-floor', [get50(12.5)]), 'PASS');
  assert.equal(statusOf('against copy-floor', [get50(12.6)]), 'MISS');
  assert.equal(statusOf('against haproxy', [get50(12.6)]), 'PASS');
  assert.equal(statusOf('against haproxy', [get50(12.8)]), 'MISS');
  assert.equal(statusOf('against envoy', [get50(12.5)]), 'not measured');
});

test('of an overload, a tenth may be lost and three times as long may be waited', () => {
  assert.equal(statusOf('goodput lost', [], [overload(91, 30)]), 'PASS');
  assert.equal(statusOf('goodput lost', [], [overload(89, 30)]), 'MISS');
  assert.equal(statusOf('p99 of what is accepted', [], [overload(91, 30)]), 'PASS');
  assert.equal(statusOf('p99 of what is accepted', [], [overload(91, 31)]), 'MISS');
});

test('a slow endpoint is held against the balancer that does not look', () => {
  const slow = (p99Us: number) =>
    scenarioResult('slow-endpoint', { weft: [{ p99Us }], 'weft-roundRobin': [{ p99Us: 100 }] });
  assert.equal(statusOf('roundRobin', [], [slow(30)]), 'PASS');
  assert.equal(statusOf('roundRobin', [], [slow(31)]), 'MISS');
});

test('tables have a line for each that was measured, and say what failed and how it was set up', () => {
  const result = get50(12);
  result.failures.set('nginx', 'it broke');
  const text = renderRow(result, ['copy-floor', 'weft', 'haproxy', 'nginx']);
  assert.match(text, /weft +12\.0 +1\.20/);
  assert.match(text, /nginx failed: it broke/);
  const scenario = renderScenario(overload(91, 30));
  assert.match(
    scenario,
    /peak\/s +answered\/s +p99 µs +unloaded p99\n +weft +100 +91\.0 +30\.0 +10\.0/,
  );
  assert.match(scenario, /weft: its default/);
});

test('the chart shows rows and scenarios, and Weft in its own colour', () => {
  const options = readOptions([]);
  assert.ok(options);
  const peer = { name: 'weft', kind: 'weft' as const, version: '1', command: () => [] };
  const svg = drawChart({
    provenance: describeRun('test'),
    options,
    peers: [peer],
    results: [get50(12)],
    scenarios: [overload(91, 30_000, { 'weft-default': [{ p99Us: 3_000_000 }] })],
    verdicts: [],
  });
  assert.match(svg, /CPU, small GET \(µs\)/);
  assert.match(svg, /5 x overload \(ms\)/);
  assert.match(svg, /class="weft"/);
  assert.equal(svg.match(/<rect/g)?.length, 4);
});
