// The targets of the project for requests, and whether Weft reached them in this run.

import { pairedRatio } from '../support/stats.ts';
import type { Verdict } from '../tcp/targets.ts';
import type { Metric, RowResult, ScenarioResult } from './measure.ts';
import { differenceOf, floorName, medianOf, ratioOf, valuesOf } from './table.ts';

interface Target {
  readonly row: string;
  readonly target: string;
  readonly limit: number;
  readonly unit: string;
  readonly measured: number;
}

const weft = 'weft';

function rowTargets(result: RowResult): Target[] {
  const { name } = result.row;
  const cpu = (other: string, limit: number): Target => ({
    row: name,
    target: `${name}: CPU against ${other}`,
    limit,
    unit: 'x',
    measured: ratioOf(result, 'cpuUsPerRequest', weft, other),
  });
  switch (name) {
    case 'get-50':
      return [cpu(floorName, 1.25), cpu('haproxy', 0.85), cpu('nginx', 0.85), cpu('envoy', 0.5)];
    case 'latency': {
      const measured = differenceOf(result, 'p50Us', weft, floorName);
      return [
        { row: name, target: `${name}: p50 above the floor`, limit: 10, unit: 'µs', measured },
      ];
    }
    case 'latency-half': {
      const measured = medianOf(result, weft, 'p99Us');
      return [{ row: name, target: `${name}: p99`, limit: 1_000, unit: 'µs', measured }];
    }
    default:
      return [];
  }
}

function scenarioTargets(result: ScenarioResult): Target[] {
  const { name } = result.scenario;
  if (name === 'slow-endpoint') {
    const target = `${name}: p99 against roundRobin`;
    const measured = ratioOf(result, 'p99Us', weft, 'weft-roundRobin');
    return [{ row: name, target, limit: 0.3, unit: 'x', measured }];
  }
  if (name === 'idle') {
    const measured = medianOf(result, weft, 'pairBytes');
    return [
      { row: name, target: `${name}: memory of a client`, limit: 2_048, unit: 'B', measured },
    ];
  }
  const share = (metric: Metric, whole: Metric) =>
    pairedRatio(valuesOf(result, weft, metric), valuesOf(result, weft, whole));
  return [
    {
      row: name,
      target: `${name}: goodput lost, of the peak`,
      limit: 0.1,
      unit: 'x',
      measured: 1 - share('requestsPerSecond', 'peakPerSecond'),
    },
    {
      row: name,
      target: `${name}: p99 of what is accepted, against unloaded`,
      limit: 3,
      unit: 'x',
      measured: share('p99Us', 'unloadedP99Us'),
    },
  ];
}

/** Targets of what was run. A peer that was not measured yields "not measured". */
export function judge(
  results: readonly RowResult[],
  scenarios: readonly ScenarioResult[],
): Verdict[] {
  const targets = [...results.flatMap(rowTargets), ...scenarios.flatMap(scenarioTargets)];
  return targets.map((target) => {
    const reached = target.measured <= target.limit ? 'PASS' : 'MISS';
    return { ...target, status: Number.isNaN(target.measured) ? 'not measured' : reached };
  });
}
