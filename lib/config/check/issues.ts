// The problems found so far, and which paths they make unusable for the checks that follow.

import type { ConfigIssue, ConfigIssueCode } from '../../base/errors.ts';
import type { ParseProblem } from '../../base/parsed.ts';
import { showValue } from './show-value.ts';

export class IssueList {
  readonly #issues: ConfigIssue[] = [];
  readonly #paths = new Set<string>();

  /** `got` is left out of the message when the value is undefined. */
  add(
    path: string,
    code: ConfigIssueCode,
    problem: string,
    details: { readonly got?: unknown; readonly hint?: string | null } = {},
  ): void {
    const got = details.got === undefined ? null : showValue(details.got);
    this.#issues.push({ code, path, problem, got, hint: details.hint ?? null });
    this.#paths.add(path);
  }

  addProblem(path: string, problem: ParseProblem, got: unknown): void {
    this.add(path, problem.code, problem.problem, { got, hint: problem.hint });
  }

  /** True when a problem lies at the path itself. */
  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** True when one lies at the path or at a part of it. */
  hasBelow(path: string): boolean {
    return [...this.#paths].some((one) => one === path || one.startsWith(`${path}.`));
  }

  all(): readonly ConfigIssue[] {
    return this.#issues;
  }
}
