import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ConfigError,
  configIssueCodes,
  EngineError,
  errorCodes,
  issueText,
  ProxyError,
  UsageError,
} from '../../../lib/base/errors.ts';

test('errors carry a code, a path and a cause, and are told apart by class', () => {
  const cause = new Error('why');
  const error = new ConfigError('ERR_CONFIG_SYNTAX', 'text', { path: 'weft.config.ts', cause });
  assert.ok(error instanceof ProxyError && error instanceof ConfigError && error instanceof Error);
  assert.deepEqual(
    [error.code, error.path, error.cause],
    ['ERR_CONFIG_SYNTAX', 'weft.config.ts', cause],
  );
  assert.deepEqual(error.issues, []);
  assert.equal(error.name, 'ConfigError');
  assert.equal(new UsageError('x').code, 'ERR_USAGE');
  assert.equal(new EngineError('ERR_LISTEN', 'x', { errno: 98 }).errno, 98);
  assert.equal(new ProxyError('ERR_USAGE', 'x').path, null);
});

test('errors have codes in upper snake case, sorted, each once', () => {
  assert.deepEqual([...errorCodes], [...new Set(errorCodes)].sort());
  assert.ok(errorCodes.every((code) => /^ERR(_[A-Z]+)+$/.test(code)));
  assert.deepEqual([...configIssueCodes], [...new Set(configIssueCodes)].sort());
});

test('errors print an issue as one line: where, what, the value, what to do', () => {
  const issue = { code: 'out-of-range', path: 'a[0].b', problem: 'expected 1 to 9' } as const;
  assert.equal(
    issueText({ ...issue, got: '0', hint: 'Use 5.' }),
    'a[0].b: expected 1 to 9, got 0. Use 5.',
  );
  assert.equal(issueText({ ...issue, got: null, hint: null }), 'a[0].b: expected 1 to 9.');
});
