// From whatever a command threw to one sentence on stderr and an exit code.

import { ConfigError, ProxyError, UsageError } from '../base/errors.ts';

export interface Report {
  /** Ends in a newline. */
  readonly text: string;
  readonly exitCode: number;
}

/** `debug` adds the traces: WEFT_DEBUG=1. */
export function reportError(error: unknown, debug: boolean): Report {
  const known = error instanceof ProxyError;
  const exitCode = error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  const trace = debug ? `${traceOf(error)}\n` : '';
  if (known) {
    return { text: `weft: ${error.message}\n${trace}`, exitCode };
  }
  const what = error instanceof Error ? error.message : String(error);
  const hint = debug ? '' : ' Run it again with WEFT_DEBUG=1 to see where, and report it.';
  return { text: `weft: internal error: ${firstLine(what)}.${hint}\n${trace}`, exitCode: 1 };
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const cause = error.cause === undefined ? '' : `\ncaused by: ${traceOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
}
