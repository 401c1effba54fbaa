// Instructions of one pick, and whether they depend on the number of endpoints.

import type { Profile } from './callgrind.ts';
import { figureOf } from './figures.ts';

export interface PickCost {
  readonly few: number;
  readonly many: number;
}

// By balancer, with 10 endpoints and with 10,000.
export type Picks = ReadonlyMap<string, PickCost>;

// With a thousand times as many endpoints a pick may cost so many times as much.
export const pickRiseMax = 1.2;

// These two keep their endpoints in order, which takes a step for each doubling of their number.
const ordered: ReadonlySet<string> = new Set(['roundRobin', 'leastConnections']);
export const orderedRiseMax = 4;

// The dumps are named by balancer and number: `maglev 10`.
export function picksOf(profiles: readonly Profile[], count: number): Picks {
  const costs = new Map<string, number>();
  for (const profile of profiles) {
    costs.set(profile.name, figureOf(profile, count).instructions);
  }
  const picks = new Map<string, PickCost>();
  for (const [name, few] of costs) {
    const balancer = /^(\w+) 10$/.exec(name)?.[1];
    const many = costs.get(`${balancer} 10000`);
    if (balancer !== undefined && many !== undefined) picks.set(balancer, { few, many });
  }
  return picks;
}

export interface PickVerdict {
  readonly balancer: string;
  readonly cost: PickCost;
  readonly rise: number;
  readonly riseMax: number;
  readonly passed: boolean;
}

export function judgePicks(picks: Picks): PickVerdict[] {
  return [...picks].map(([balancer, cost]) => {
    const rise = cost.many / cost.few;
    const riseMax = ordered.has(balancer) ? orderedRiseMax : pickRiseMax;
    return { balancer, cost, rise, riseMax, passed: rise <= riseMax };
  });
}
