// Instructions for one unit of work, and the comparison of two sets of them.

import type { Profile } from './callgrind.ts';

// A connection whose client speaks late, one whose client speaks at once, the same with detection, a request of HTTP
// and its response on connections that are open, the same with 10 and with 10,000 routes, a message.
export const units = [
  'connection',
  'spoken',
  'detected',
  'request',
  'routed10',
  'routed10000',
  'message',
] as const;
export type Unit = (typeof units)[number];

export interface Figure {
  readonly instructions: number;
  // By function, itself only, the largest first; what is below a thousandth is left out.
  readonly functions: Readonly<Record<string, number>>;
}

export type Figures = Readonly<Record<Unit, Figure>>;

// A figure may rise by this much.
export const riseMax = 0.03;
// Two runs of one program may differ by this much.
export const noiseMax = 0.005;

const namedFunctionsMax = 12;
const smallestShare = 0.001;

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

// Of the proxy only: the script's own functions are in the namespace weft::bench.
export function figureOf(profile: Profile, count: number): Figure {
  const entries = [...profile.functions]
    .filter(([name]) => !name.includes('weft::bench::'))
    .map(([name, cost]) => [name, cost / count] as const)
    .sort((a, b) => b[1] - a[1]);
  const instructions = entries.reduce((sum, [, cost]) => sum + cost, 0);
  const shown = entries.filter(([, cost]) => cost >= instructions * smallestShare);
  return {
    instructions: round(instructions),
    functions: Object.fromEntries(shown.map(([name, cost]) => [name, round(cost)])),
  };
}

export interface Comparison {
  readonly unit: Unit;
  readonly before: number;
  readonly now: number;
  readonly change: number;
  readonly risen: boolean;
  // Functions that grew, the most first, each as a line to print; only when the figure has risen.
  readonly grown: readonly string[];
}

function grownFunctions(before: Figure, now: Figure): string[] {
  const names = new Set([...Object.keys(before.functions), ...Object.keys(now.functions)]);
  return [...names]
    .map((name) => {
      const [old, fresh] = [before.functions[name] ?? 0, now.functions[name] ?? 0];
      return { name, old, fresh, growth: fresh - old };
    })
    .filter(({ growth }) => growth >= 1)
    .sort((a, b) => b.growth - a.growth)
    .slice(0, namedFunctionsMax)
    .map(({ name, old, fresh, growth }) => `+${round(growth)} (${old} -> ${fresh}) ${name}`);
}

export function compare(before: Figures, now: Figures): Comparison[] {
  return units.map((unit) => {
    const change = now[unit].instructions / before[unit].instructions - 1;
    const risen = change > riseMax + Number.EPSILON * 4;
    return {
      unit,
      before: before[unit].instructions,
      now: now[unit].instructions,
      change,
      risen,
      grown: risen ? grownFunctions(before[unit], now[unit]) : [],
    };
  });
}

// What detection adds to a connection, as a share; it may be as much as a figure may rise.
export function detectionCost(figures: Figures): number {
  return figures.detected.instructions / figures.spoken.instructions - 1;
}

// The largest difference between two runs, as a share.
export function noiseBetween(first: Figures, second: Figures): number {
  return Math.max(
    ...units.map((unit) => {
      const [a, b] = [first[unit].instructions, second[unit].instructions];
      return Math.abs(a - b) / Math.min(a, b);
    }),
  );
}
