// Where the listeners are bound: their addresses, with the port that the kernel chose where the configuration says 0.

import type { DesiredState } from '../control/desired-state.ts';
import type { Engine } from '../engine/engine.ts';

/** More than any configuration has. */
const listenerCountMax = 100_000;

/** By the names of the listeners; a listener that is not open is not in it. */
export async function boundAddresses(
  engine: Engine,
  state: DesiredState,
): Promise<ReadonlyMap<string, string>> {
  const { listeners } = await engine.dump({ type: 'listeners', countMax: listenerCountMax });
  return new Map(
    listeners.flatMap(({ listenerId, address }) => {
      const name = state.listener(listenerId)?.name;
      return name === undefined ? [] : [[name, address] as const];
    }),
  );
}
