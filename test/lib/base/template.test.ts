import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTemplate, renderTemplate } from '../../../lib/base/template.ts';

const fields = ['endpoint', 'durationUs', 'closeReason'];

function render(text: string, values: Record<string, string | number | null>): string {
  const parsed = parseTemplate(text, fields);
  assert.ok(parsed.ok, text);
  return renderTemplate(parsed.value, values);
}

test('fields become values, and what is not there a dash', () => {
  assert.equal(
    render('{endpoint} took {durationUs}', { endpoint: 'a', durationUs: 7 }),
    'a took 7',
  );
  assert.equal(render('{endpoint}', { endpoint: null }), '-');
  assert.equal(render('{endpoint}{durationUs}', { endpoint: '', durationUs: 0 }), '0');
});

test('a brace that is meant is written twice', () => {
  assert.equal(render('{{{endpoint}}} }}{{', { endpoint: 'a' }), '{a} }{');
});

test('a value cannot end its line', () => {
  assert.equal(render('{endpoint}', { endpoint: 'a\nb\u2028\u0000' }), 'a\\u000ab\\u2028\\u0000');
});

test('a mistake is told with the word that was meant', () => {
  const problem = (text: string): string => {
    const parsed = parseTemplate(text, fields);
    return parsed.ok ? 'none' : `${parsed.code}: ${parsed.problem}. ${parsed.hint}`;
  };
  assert.match(
    problem('{endpoind}'),
    /^bad-template: .*\{endpoind\}.*Did you mean \{endpoint\}\?$/,
  );
  assert.match(problem('{zzz}'), /Fields: endpoint, durationUs, closeReason\.$/);
  assert.match(problem('a { b'), /'\{' stands alone at character 3/);
  assert.match(problem('{endpoint} }'), /'\}' stands alone/);
  assert.match(problem('{}'), /there is no field \{\}/);
  assert.match(problem('{{endpoint}}'), /at least one field/);
  assert.match(problem(''), /at least one field/);
});
