// From anything to either a configuration that can be resolved, or every problem at once.

import { ConfigError, type ConfigIssue, issueText } from '../base/errors.ts';
import { IssueList } from './check/issues.ts';
import { checkRules } from './check/rules.ts';
import { checkShape } from './check/shape.ts';
import type { UsableConfig } from './check/usable.ts';
import { schema } from './schema.ts';
import type { UserConfig } from './user-config.ts';

export type Validated =
  | { readonly ok: true; readonly config: UserConfig }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** `sources` names what set a path in place of the file; its problems are reported under that name. */
export function validate(
  input: unknown,
  sources: ReadonlyMap<string, string> = new Map(),
): Validated {
  const issues = new IssueList();
  const usable = checkShape(schema, input, '', issues);
  if (usable !== undefined) {
    checkRules(usable as UsableConfig, issues);
  }
  if (issues.all().length === 0) {
    return { ok: true, config: usable as UserConfig };
  }
  const named = issues.all().map((issue) => {
    const source = sources.get(issue.path);
    return source === undefined ? issue : { ...issue, path: source };
  });
  return { ok: false, issues: named };
}

/** All problems of a configuration; an empty list when there are none. */
export function checkConfig(input: unknown): readonly ConfigIssue[] {
  const validated = validate(input);
  return validated.ok ? [] : validated.issues;
}

/** `subject` is the file, or another word for where the configuration came from; empty says nothing of it. */
export function invalidConfig(subject: string, issues: readonly ConfigIssue[]): ConfigError {
  const lines = issues.map(issueText);
  const message =
    lines.length === 1
      ? `${subject === '' ? '' : `${subject}: `}${lines[0]}`
      : `${subject === '' ? '' : `${subject} has `}${lines.length} problems:\n  ${lines.join('\n  ')}`;
  return new ConfigError('ERR_CONFIG_INVALID', message, { path: subject, issues });
}
