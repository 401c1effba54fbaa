import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../lib/base/errors.ts';
import { parseArguments, wholeNumber } from '../../../lib/cli/args.ts';
import { commands } from '../../../lib/cli/command-table.ts';

test('flags, switches and positionals are told apart, in both spellings', () => {
  const args = parseArguments('run', ['--config', 'a.ts', '--watch', '--log-level=debug']);
  assert.deepEqual({ ...args.values }, { config: 'a.ts', 'log-level': 'debug' });
  assert.deepEqual([...args.switches], ['watch']);
  const forward = parseArguments('forward', [
    '127.0.0.1:1',
    '--workers',
    '2',
    '[::1]:2',
    '--',
    '-x',
  ]);
  assert.deepEqual(forward.positionals, ['127.0.0.1:1', '[::1]:2', '-x']);
  assert.equal(forward.values['workers'], '2');
});

test('the last of a repeated flag counts, and an inline value may begin with a dash', () => {
  const args = parseArguments('run', ['--config=a', '--config', 'b', '--log-level=-x']);
  assert.deepEqual({ ...args.values }, { config: 'b', 'log-level': '-x' });
});

test('the example of each command is what its parser takes', () => {
  for (const { name, example } of commands) {
    const [weft, command, ...rest] = example.split(' ');
    assert.deepEqual([weft, command], ['weft', name]);
    parseArguments(name, rest);
  }
});

test('a whole number is checked against its range', () => {
  const number = (text: string) =>
    wholeNumber(parseArguments('demo', ['--seconds', text]), 'seconds', 2, 60);
  assert.equal(number('2'), 2);
  assert.equal(number('60'), 60);
  assert.equal(wholeNumber(parseArguments('demo', []), 'seconds', 2, 60), undefined);
  for (const text of ['1', '61', '1.5', 'x', '1e1', ' 5', '9'.repeat(30)]) {
    assert.throws(() => number(text), UsageError, text);
  }
});

test('whatever the arguments, they are parsed or refused as wrong usage', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--config', '--', '-', '--watch', '-x', '--__proto__', '--constructor=1'),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...commands.map(({ name }) => name)),
      fc.array(word),
      (name, argv) => {
        try {
          parseArguments(name, argv);
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
        }
      },
    ),
  );
});
