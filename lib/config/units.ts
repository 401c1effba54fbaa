// Texts of a configuration that was checked, as numbers.

import { parseDuration } from '../base/duration.ts';
import type { Parsed } from '../base/parsed.ts';
import { parseSize } from '../base/size.ts';

export function ms(text: string | undefined, defaultMs: number): number {
  return text === undefined ? defaultMs : checked(parseDuration(text));
}

export function msOrNull(text: string | null | undefined, defaultMs: number | null): number | null {
  if (text === undefined) {
    return defaultMs;
  }
  return text === null ? null : checked(parseDuration(text));
}

export function bytes(text: string | undefined, defaultBytes: number): number {
  return text === undefined ? defaultBytes : checked(parseSize(text));
}

/** What validate let through parses; anything else is a bug, not a mistake of the user. */
export function checked<Value>(parsed: Parsed<Value>): Value {
  if (!parsed.ok) {
    throw new Error(`unchecked value in resolve: ${parsed.problem}`);
  }
  return parsed.value;
}
