import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, EngineError, UsageError } from '../../../lib/base/errors.ts';
import { reportError } from '../../../lib/cli/report.ts';

test('a mistake of the user is exit code 2, a failure 1, each with its sentence alone', () => {
  const report = (error: unknown) => reportError(error, false);
  assert.deepEqual(report(new UsageError('say it so.')), {
    text: 'weft: say it so.\n',
    exitCode: 2,
  });
  assert.equal(report(new ConfigError('ERR_CONFIG_INVALID', 'x')).exitCode, 2);
  const listen = new EngineError('ERR_LISTEN', 'the port is in use.', { errno: 98 });
  assert.deepEqual(report(listen), { text: 'weft: the port is in use.\n', exitCode: 1 });
});

test('a bug is one line that says how to see more', () => {
  const { text, exitCode } = reportError(new TypeError('x is not\na function'), false);
  assert.equal(exitCode, 1);
  assert.match(text, /^weft: internal error: x is not\. [^\n]*WEFT_DEBUG=1[^\n]*\n$/);
  assert.match(reportError('thrown text', false).text, /internal error: thrown text\./);
});

test('with debugging the traces of the error and of its causes follow', () => {
  const cause = new Error('inner');
  const { text } = reportError(new ConfigError('ERR_CONFIG_THREW', 'outer', { cause }), true);
  assert.match(text, /^weft: outer\n/);
  assert.match(text, /\n {4}at .*\ncaused by: Error: inner\n {4}at /s);
  assert.match(
    reportError(new Error('bug'), true).text,
    /internal error: bug\.\nError: bug\n {4}at /,
  );
});
