// Checks of the values that say where lines are written to, which, and how they look.

import { nearestWord } from '../../base/nearest-word.ts';
import { parseTemplate } from '../../base/template.ts';
import type { SchemaNode } from '../schema-node.ts';
import type { IssueList } from './issues.ts';

export function checkShare(value: unknown, path: string, issues: IssueList): number | null {
  const expected = 'expected a number of 0 to 1';
  if (typeof value !== 'number') {
    const percent = typeof value === 'string' ? /^(\d{1,3})\s*%$/.exec(value) : null;
    const hint = percent === null ? null : `Write ${Number(percent[1]) / 100}.`;
    issues.add(path, 'wrong-type', expected, { got: value, hint });
    return null;
  }
  if (!(value >= 0 && value <= 1)) {
    const hint = value > 1 && value <= 100 ? `Write ${value / 100} for ${value} %.` : null;
    issues.add(path, 'out-of-range', expected, { got: value, hint });
    return null;
  }
  return value;
}

export function checkFile(
  words: readonly string[],
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  const list = words.map((word) => `'${word}'`).join(', ');
  const expected = `expected ${list} or an absolute path`;
  if (typeof value !== 'string') {
    issues.add(path, 'wrong-type', expected, { got: value });
    return null;
  }
  if (words.includes(value)) {
    return value;
  }
  if (!value.startsWith('/') || value.endsWith('/') || value.includes('\0')) {
    const nearest = nearestWord(value, words);
    const hint = nearest === null ? "Begin with '/'." : `Did you mean '${nearest}'?`;
    issues.add(path, 'bad-path', expected, { got: value, hint });
    return null;
  }
  return value;
}

export function checkTemplate(
  { words, fields }: Extract<SchemaNode, { kind: 'template' }>,
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  const list = words.map((word) => `'${word}'`).join(', ');
  if (typeof value !== 'string') {
    const expected = `expected ${list} or a text with fields in braces`;
    issues.add(path, 'wrong-type', expected, { got: value });
    return null;
  }
  if (words.includes(value)) {
    return value;
  }
  const parsed = parseTemplate(value, fields);
  if (!parsed.ok) {
    const nearest = nearestWord(value, words);
    const meantWord = nearest !== null && !value.includes('{');
    const hint = meantWord ? `Did you mean '${nearest}'?` : parsed.hint;
    issues.addProblem(path, { ...parsed, hint }, value);
    return null;
  }
  return value;
}
