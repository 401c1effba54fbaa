// The few statistics that results are made of.

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

// Half the distance between the largest and the smallest value, as a share of the median.
export function spread(values: readonly number[]): number {
  if (values.length < 2) return 0;
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

// The median of combine(a, b) over the rounds: what drifted during a run hit both alike.
export function pairedMedian(
  a: readonly number[],
  b: readonly number[],
  combine: (a: number, b: number) => number,
): number {
  const count = Math.min(a.length, b.length);
  const pairs: number[] = [];
  for (let i = 0; i < count; i += 1) pairs.push(combine(a[i] ?? Number.NaN, b[i] ?? Number.NaN));
  return median(pairs);
}

export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  return pairedMedian(a, b, (x, y) => x / y);
}
