// Regular expressions of routes: what the table accepts is what JavaScript's own engine accepts, wherever the two
// languages mean the same.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { parsePattern } from '../../../lib/base/pattern.ts';
import { patternMatches } from '../../../lib/base/pattern-automaton.ts';
import { mulberry32 } from '../../support/chaos/random.ts';

function matches(pattern: string, text: string | Buffer): boolean {
  const parsed = parsePattern(pattern);
  assert.ok(parsed.ok, `${pattern}: ${parsed.ok ? '' : parsed.problem}`);
  return patternMatches(parsed.value, Buffer.from(text));
}

function problemOf(pattern: string): string {
  const parsed = parsePattern(pattern);
  return parsed.ok ? 'none' : parsed.problem;
}

test('the whole text matches, not a part of it', () => {
  assert.ok(matches('/api/v[0-9]+', '/api/v12'));
  assert.ok(!matches('/api/v[0-9]+', '/api/v12/'));
  assert.ok(!matches('/api', '/v1/api'));
  // Each alternative, too.
  assert.ok(!matches('/a|/b', '/a/b'));
  assert.ok(!matches('/a|/b', '/ab'));
  assert.ok(matches('', ''));
  assert.ok(!matches('', 'a'));
});

test('the syntax of RE2 that has a meaning for bytes', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['^/a$', '/a', true],
    ['\\A/a\\z', '/a', true],
    ['/a^b', '/a^b', false],
    ['/a$b', '/a$b', false],
    ['(^a|b)*', 'ab', true],
    ['(^a|b)*', 'ba', false],
    ['(?i)abc', 'aBC', true],
    ['a(?i:b)c', 'aBc', true],
    ['a(?i:b)c', 'aBC', false],
    ['(?i)a(?-i)b', 'Ab', true],
    ['(?i)a(?-i)b', 'AB', false],
    ['(?P<name>x)(?<other>y)(?:z)', 'xyz', true],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['[[:alpha:]_]+[[:^digit:]]', 'ab_!', true],
    ['[[:alpha:]]', '5', false],
    ['[^a-c]', 'd', true],
    ['[^a-c]', 'b', false],
    ['[]a]+', ']a', true],
    ['[a-]+', 'a-', true],
    ['[\\d\\-x]+', '5-x', true],
    ['\\x41\\x{e9}', 'A\u00e9', true],
    ['\u00e9+', '\u00e9\u00e9', true],
    ['a{2}', 'aa', true],
    ['a{2,}', 'aaaa', true],
    ['a{2,3}', 'aaaa', false],
    ['a{,2}', 'a{,2}', true],
    ['a{x', 'a{x', true],
    ['a+?b*?', 'aab', true],
    ['\\s\\S\\w\\W\\d\\D', ' x_-5y', true],
    ['\\.\\/\\-', './-', true],
    ['(a|b|)c', 'c', true],
  ];
  for (const [pattern, text, expected] of cases) {
    assert.equal(matches(pattern, text), expected, `${pattern} and ${JSON.stringify(text)}`);
  }
});

test('what is wrong is told with its place', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['a**', /'\*' behind a repetition/],
    ['\\Qa\\E', /no meaning/],
    ['(a', /'\(' without '\)' at character 1/],
    ['a)', /'\)' without '\(' at character 2/],
    ['[a', /'\[' without '\]'/],
    ['[b-a]', /ends before it begins at character 2/],
    ['*a', /nothing before '\*' at character 1/],
    ['a|+', /nothing before '\+' at character 3/],
    ['\\1', /'\\1' has no meaning here/],
    ['\\bword', /'\\b' has no meaning here/],
    ['a\\', /has no meaning here/],
    ['(?=a)', /looks around/],
    ['(?<!a)b', /looks around/],
    ['(?m)a', /unknown flags 'm'/],
    ['[\u00e9]', /only ASCII/],
    ['[[:nothing:]]', /no class/],
    ['a{1001}', /a repetition of 0 to 1000/],
    ['a{3,2}', /in order/],
    ['\\x{110000}', /no character/],
    ['('.repeat(251) + ')'.repeat(251), /too deep/],
    ['(a{1000}){1000}', /too many states/],
    ['[ab]*a[ab]{14}', /too many states/],
    ['a'.repeat(1_025), /longer than 1024/],
  ];
  for (const [pattern, expected] of cases) {
    assert.match(problemOf(pattern), expected, pattern.slice(0, 40));
  }
});

test('expressions that take other engines for ever take a step for each byte', () => {
  const text = `${'a'.repeat(100_000)}!`;
  for (const pattern of ['(a+)+', '(a|a)*', '(a|aa)+', '(.*a){12}']) {
    assert.equal(matches(pattern, text), false, pattern);
  }
});

test('random expressions match what the engine of JavaScript matches', () => {
  const random = mulberry32(7);
  const below = (bound: number): number => Math.floor(random() * bound);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value;
  const atom = (depth: number): string => {
    const kind = below(depth > 0 ? 8 : 5);
    if (kind < 5) {
      return pick(['a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '[b-]', '\\x62']);
    }
    return kind === 5 ? `(?:${tree(depth - 1)}|${tree(depth - 1)})` : `(${tree(depth - 1)})`;
  };
  const tree = (depth: number): string =>
    Array.from({ length: below(4) }, () => {
      return atom(depth) + pick(['', '', '*', '+', '?', '{2}', '{1,3}', '*?']);
    }).join('');
  let accepted = 0;
  for (let round = 0; round < 1_000; round += 1) {
    const pattern = tree(2);
    const ignoresCase = below(4) === 0;
    const reference = new RegExp(`^(?:${pattern})$`, ignoresCase ? 'i' : '');
    const written = `${ignoresCase ? '(?i)' : ''}${pattern}`;
    const parsed = parsePattern(written);
    if (!parsed.ok) {
      assert.match(parsed.problem, /too many states/, written);
      continue;
    }
    for (let count = 0; count < 20; count += 1) {
      const text = Array.from({ length: below(7) }, () => pick(['a', 'b', 'c', '-', 'B'])).join('');
      const expected = reference.test(text);
      accepted += expected ? 1 : 0;
      const found = patternMatches(parsed.value, Buffer.from(text));
      assert.equal(found, expected, `${written} and '${text}'`);
    }
  }
  assert.ok(accepted > 500, `${accepted} texts matched`);
});
