// What V8 leaves lying: with something to do each second, a proxy that is scraped and reloaded is never idle enough for
// it to collect its old space before that has grown by many megabytes. Here it is asked to as soon as that is worth it:
// the JavaScript thread stands still for some 10 ms meanwhile, traffic does not. The C library keeps what each thread has
// freed (V8's own leave a megabyte each): it is asked to give that back every minute, which takes a thousandth of that.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../base/clock.ts';

export interface HeapOptions {
  readonly clock: Clock;
  /** Gives back what native code has freed. */
  readonly trim: () => void;
  /** What is in use, garbage included; tests give their own, here and below. */
  readonly usedBytes?: () => number;
  readonly collect?: () => void;
}

const lookMs = 60_000;
/** Less than this is not worth the time, and the context that the first collection needs. */
const garbageBytesMin = 2 * 1024 * 1024;

/** Starts looking once a minute; the returned function ends it. */
export function keepHeapSmall({
  clock,
  trim,
  usedBytes = () => getHeapStatistics().used_heap_size,
  collect = collectGarbage,
}: HeapOptions): () => void {
  let least = usedBytes();
  const look = (): void => {
    const used = usedBytes();
    if (used - least >= garbageBytesMin) {
      collect();
      least = usedBytes();
    } else {
      least = Math.min(least, used);
    }
    trim();
    cancel = clock.after(lookMs, look);
  };
  let cancel = clock.after(lookMs, look);
  return () => cancel();
}

let collector: (() => void) | null = null;

/** Node gives the function to contexts that are made while the flag is set. */
function collectGarbage(): void {
  if (collector === null) {
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collector();
}
