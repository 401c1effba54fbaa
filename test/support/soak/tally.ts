// What the clients of the HTTP soak count, by route.

import type { Outcome } from './asker.ts';
import { type Route, routes } from './plan.ts';

export interface RouteTally {
  asked: number;
  /** Answers of endpoints that came whole, by status. */
  readonly whole: Record<string, number>;
  /** The proxy's own, by reason. */
  readonly local: Record<string, number>;
  cut: number;
  unanswered: number;
}

export interface Tally {
  readonly connections: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly byRoute: Readonly<Record<Route, RouteTally>>;
  readonly upBytes: number;
  readonly downBytes: number;
  /** What did not end whole and was not the client's own doing. */
  readonly lost: readonly Outcome[];
  /** What nothing can explain. */
  readonly wrong: readonly Outcome[];
}

export class Tallying {
  connections = 0;
  readonly kinds: Record<string, number> = {};
  readonly #byRoute = Object.fromEntries(
    routes.map((route) => [route, { asked: 0, whole: {}, local: {}, cut: 0, unanswered: 0 }]),
  ) as unknown as Record<Route, RouteTally>;
  #upBytes = 0;
  #downBytes = 0;
  readonly #lost: Outcome[] = [];
  readonly #wrong: Outcome[] = [];

  countKind(kind: string): void {
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
  }

  count(outcome: Outcome): void {
    const { plan, what, status, reason } = outcome;
    const route = this.#byRoute[plan.route];
    route.asked += 1;
    if (what === 'whole') {
      route.whole[status] = (route.whole[status] ?? 0) + 1;
      this.#upBytes += plan.upBytes;
      this.#downBytes += plan.downBytes;
    } else if (what === 'local') {
      route.local[reason] = (route.local[reason] ?? 0) + 1;
    } else if (what !== 'wrong') {
      route[what] += 1;
    }
    if (what === 'wrong') {
      this.#wrong.push(outcome);
    } else if (what !== 'whole' && plan.route !== 'abrupt') {
      this.#lost.push(outcome);
    }
  }

  get tally(): Tally {
    return {
      connections: this.connections,
      kinds: this.kinds,
      byRoute: this.#byRoute,
      upBytes: this.#upBytes,
      downBytes: this.#downBytes,
      lost: this.#lost,
      wrong: this.#wrong,
    };
  }
}
