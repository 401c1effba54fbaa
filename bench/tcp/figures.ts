// Medians and ratios over the samples of one row.

import { median, pairedMedian, pairedRatio, spread } from '../support/stats.ts';
import type { RowResult } from './measure.ts';
import type { Metric, RowName } from './rows.ts';

export type Results = ReadonlyMap<RowName, RowResult>;

// One metric of one peer, round by round; empty when it was not measured.
export function valuesOf(result: RowResult | undefined, peer: string, metric: Metric): number[] {
  const samples = result?.samples.get(peer) ?? [];
  return samples.flatMap((sample) => sample[metric] ?? []);
}

export function medianOf(result: RowResult | undefined, peer: string, metric: Metric): number {
  return median(valuesOf(result, peer, metric));
}

export function spreadOf(result: RowResult | undefined, peer: string, metric: Metric): number {
  return spread(valuesOf(result, peer, metric));
}

// The median over the rounds of peer / other; NaN when either was not measured.
export function ratioOf(
  result: RowResult | undefined,
  metric: Metric,
  peer: string,
  other: string,
): number {
  return pairedRatio(valuesOf(result, peer, metric), valuesOf(result, other, metric));
}

export function differenceOf(
  result: RowResult | undefined,
  metric: Metric,
  peer: string,
  other: string,
): number {
  const pairs = [valuesOf(result, peer, metric), valuesOf(result, other, metric)] as const;
  return pairedMedian(...pairs, (a, b) => a - b);
}
