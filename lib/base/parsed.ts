// The answer of a parser of something that a person wrote: the value, or what was wrong and what to do.

import type { ConfigIssueCode } from './errors.ts';

export interface ParseProblem {
  readonly code: ConfigIssueCode;
  /** Completes "path: ...": `expected a duration such as '250ms'`. */
  readonly problem: string;
  /** A sentence, or `null`. */
  readonly hint: string | null;
}

export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | ({ readonly ok: false } & ParseProblem);

export function good<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

export function bad(
  code: ConfigIssueCode,
  problem: string,
  hint: string | null = null,
): { readonly ok: false } & ParseProblem {
  return { ok: false, code, problem, hint };
}
