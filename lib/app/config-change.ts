// What a reload means for settings that native code does not know: which can change while it runs, and which wait
// for the next start.

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';

export function isSameConfig(before: Config, after: Config): boolean {
  return isDeepStrictEqual(before, after);
}

/** Keys that were changed and take effect only at the next start. */
export function keysForNextStart(before: Config, after: Config): readonly string[] {
  const keys: readonly (readonly [string, (config: Config) => unknown])[] = [
    ['workers', (config) => config.workerCount],
    ['admin.address', (config) => config.admin?.address],
    ['log.format', (config) => config.log.format],
  ];
  return keys.filter(([, read]) => read(before) !== read(after)).map(([key]) => key);
}
