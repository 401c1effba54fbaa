// What V8 is told so that a process which idles is small. Every command starts so; a proxy goes on otherwise once it
// runs, because its JavaScript then allocates for events and scrapes.

import { setFlagsFromString } from 'node:v8';

/** Before anything else is loaded. Each collection is a whole one, so that no garbage of the start is left for good. */
export function startSmall(): void {
  // Semi-spaces of 16 MB would be kept after a load that lasted a second, unless this is told before they grow.
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--gc-global');
}

/** Young objects are collected by themselves again. */
export function started(): void {
  setFlagsFromString('--no-gc-global');
}
