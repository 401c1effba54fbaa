// Checks of texts that go into requests and responses: nothing in a configuration may end a line of a head.

import type { ParseProblem } from '../../base/parsed.ts';
import type { TextNode } from '../schema-node.ts';
import type { IssueList } from './issues.ts';

/** RFC 9110 5.1 and 5.6.2. */
const tokenGrammar = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 5.5, without the bytes above ASCII, which everybody reads in another way. */
const valueGrammar = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
/** RFC 3986 3.3, without what a query or a fragment begins with. */
const pathGrammar = /^\/[\w.~!$&'()*+,;=:@%/-]*$/;

export function checkText(
  { grammar, charsMax }: TextNode,
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  if (typeof value !== 'string') {
    const hint = typeof value === 'number' ? `Write '${value}'.` : null;
    issues.add(path, 'wrong-type', 'expected a text', { got: value, hint });
    return null;
  }
  if (value.length > charsMax) {
    issues.add(path, 'out-of-range', `expected at most ${charsMax} characters`, { got: value });
    return null;
  }
  const problem = grammarProblem(grammar, value);
  if (problem !== null) {
    issues.addProblem(path, problem, value);
    return null;
  }
  return value;
}

function grammarProblem(grammar: TextNode['grammar'], value: string): ParseProblem | null {
  switch (grammar) {
    case 'any':
      return null;
    case 'path':
      return pathProblem(value);
    case 'fieldName':
      return tokenGrammar.test(value)
        ? null
        : { code: 'bad-text', problem: "expected a token such as 'x-user'", hint: null };
    case 'fieldValue':
      return value === '' || valueGrammar.test(value)
        ? null
        : {
            code: 'bad-text',
            problem: 'expected printable ASCII, without a space at either end',
            hint: null,
          };
  }
}

/** What is wrong with a path; `null` when nothing is. */
export function pathProblem(value: string): ParseProblem | null {
  if (pathGrammar.test(value)) {
    return null;
  }
  const hint = value.startsWith('/')
    ? "Without a query; other characters are written as '%20'."
    : "Begin with '/'.";
  return { code: 'bad-text', problem: "expected a path such as '/api'", hint };
}
