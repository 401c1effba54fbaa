// Lists in documents against the lists in code that they are about.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configIssueCodes, errorCodes } from '../../lib/base/errors.ts';
import { accessLogFields, requestLogFields } from '../../lib/contract/access-log.ts';
import { closeReasons } from '../../lib/contract/close-reason.ts';
import { families } from '../../lib/metrics/names.ts';

const root = join(import.meta.dirname, '../../..');

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** Rows of the tables below a heading whose first cell is a name in backquotes. */
function rows(document: string, heading: string): readonly Row[] {
  const text = readFileSync(join(root, 'docs', document), 'utf8');
  const start = heading === '' ? 0 : text.indexOf(`\n## ${heading}\n`) + 1;
  assert.ok(heading === '' || start > 0, `${document} has no heading ${heading}`);
  const end = heading === '' ? -1 : text.indexOf('\n## ', start);
  return text
    .slice(start, end < 0 ? undefined : end)
    .split('\n')
    .flatMap((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const name = /^`([^`]+)`$/.exec(cells[1] ?? '')?.[1];
      return name === undefined ? [] : [{ name, cells: cells.slice(2, -1) }];
    });
}

const names = (list: readonly Row[]): readonly string[] => list.map(({ name }) => name);

test('docs/errors.md has every close reason, in the order of the code', () => {
  const list = rows('errors.md', 'Close reasons');
  assert.deepEqual(names(list), closeReasons);
  assert.ok(list.every(({ cells }) => cells[0] !== ''));
});

test('docs/errors.md has every error code, with the exit code of what it is about', () => {
  const list = rows('errors.md', 'Error codes');
  assert.deepEqual(names(list), [...errorCodes].sort());
  for (const { name, cells } of list) {
    const expected = /^ERR_(?:CONFIG|USAGE)/.test(name) ? '2' : '1';
    assert.equal(cells[0], expected, name);
  }
});

test('docs/errors.md has every code of a configuration problem', () => {
  const list = rows('errors.md', 'Configuration problems');
  assert.deepEqual(names(list), configIssueCodes);
  assert.ok(list.every(({ cells }) => cells[0] !== ''));
});

test('docs/metrics.md has every family with its type, and no other', () => {
  const documented = rows('metrics.md', '').filter(({ name }) =>
    /^(?:request|response|tcp|weft|process)_/.test(name),
  );
  const described = documented.map(({ name, cells }) => `${name} ${cells[0]}`).sort();
  const known = Object.values(families).map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(described, known.sort());
});

test('docs/operations.md has every field of the access log', () => {
  const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const section = text.slice(text.indexOf('\n## Access log\n'), text.indexOf('\n## Timers\n'));
  const [connections = [], requests = []] = section
    .split('\nEach request')
    .map((part) =>
      [...part.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
      ),
    );
  assert.deepEqual(connections.sort(), [...accessLogFields].sort());
  assert.deepEqual(requests.sort(), [...requestLogFields].sort());
});

test('docs/protocols.md has every first message with its verdict', () => {
  const corpus = readFileSync(join(root, 'test/native/codec/first_messages.txt'), 'utf8');
  const expected = corpus
    .split('\n')
    .filter((line) => !line.startsWith('#') && line !== '')
    .map((line) => line.split('|', 2).map((cell) => cell.trim()));
  const text = readFileSync(join(root, 'docs/protocols.md'), 'utf8');
  const table = text.slice(text.indexOf('| first message |'));
  const listed = [...table.slice(0, table.indexOf('\n\n')).matchAll(/^\| (.+) \| `(\w+)` \|$/gm)];
  const described = listed.map(([, name, verdict]) => [name, verdict]);
  assert.deepEqual(described.sort(), expected.sort());
  assert.ok(listed.length >= 40);
});
