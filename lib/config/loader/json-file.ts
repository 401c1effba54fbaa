// Reads a JSON configuration and says where it is wrong by line and column, which JSON.parse does not.

import { ConfigError } from '../../base/errors.ts';

/** Throws a ConfigError with ERR_CONFIG_SYNTAX. */
export function parseJson(text: string, name: string): unknown {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch (cause) {
    const offset = firstBadOffset(body);
    const before = body.slice(0, offset).split('\n');
    const place = `${name}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
    const what =
      offset < body.length
        ? `unexpected ${JSON.stringify(body[offset])}`
        : 'the file ends too early';
    const hint = 'JSON has no comments, and no comma before a closing bracket.';
    throw new ConfigError('ERR_CONFIG_SYNTAX', `${place}: syntax error: ${what}. ${hint}`, {
      path: place,
      cause,
    });
  }
}

/** A beginning of the text is bad when no continuation can make it right; once bad, it stays bad. */
function firstBadOffset(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (mayContinue(text.slice(0, middle))) {
      good = middle;
    } else {
      bad = middle;
    }
  }
  return good;
}

function mayContinue(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    // V8 complains about the end where a text stops in the middle of something.
    const { message } = error as Error;
    const offset = / at position (\d+)/.exec(message)?.[1];
    return message.startsWith('Unexpected end') || Number(offset) >= beginning.length;
  }
}
