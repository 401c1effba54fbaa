import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyOverrides, overrides } from '../../../lib/config/overrides.ts';
import { resolve } from '../../../lib/config/resolve.ts';
import { validate } from '../../../lib/config/validate.ts';
import { sample } from './support.ts';

function resolved(input: unknown, env: Record<string, string>, flags: Record<string, string> = {}) {
  const overridden = applyOverrides(input, env, flags);
  const validated = validate(overridden.input, overridden.sources);
  assert.ok(validated.ok);
  return resolve(validated.config);
}

test('a variable replaces what the file says, a flag replaces the variable', () => {
  const input = sample({ workers: 1, log: { level: 'warn', accessLog: true } });
  assert.equal(resolved(input, {}).workerCount, 1);
  assert.equal(resolved(input, { WEFT_WORKERS: '2' }).workerCount, 2);
  assert.equal(resolved(input, { WEFT_WORKERS: '2' }, { workers: '3' }).workerCount, 3);
  assert.equal(resolved(input, { WEFT_WORKERS: '' }).workerCount, 1);
  const config = resolved(input, { WEFT_LOG_LEVEL: 'trace', WEFT_LOG_FORMAT: 'json' });
  assert.deepEqual(config.log, {
    level: 'trace',
    format: 'json',
    accessLog: {
      path: null,
      template: null,
      requestTemplate: null,
      lines: 'all',
      sample: 1,
    },
  });
  assert.equal(config.listeners[0]?.accessLog, true);
  assert.equal(resolved(input, { WEFT_DRAIN_DEADLINE: '5s' }).drain.deadlineMs, 5_000);
});

test('the admin server is moved, turned off, and turned on again', () => {
  const off = sample({ admin: null });
  assert.equal(resolved(sample(), { WEFT_ADMIN: 'off' }).admin, null);
  assert.equal(resolved(off, { WEFT_ADMIN: '[::1]:1' }).admin?.address, '[::1]:1');
  const kept = resolved(sample({ admin: { shutdown: true } }), {}, { admin: '127.0.0.1:9' });
  assert.deepEqual(kept.admin, { address: '127.0.0.1:9', shutdown: true });
});

test('a zone that looks like a number is a name', () => {
  assert.equal(resolved(sample({ zone: 'a' }), { WEFT_ZONE: '1' }).zone, '1');
});

test('the input is not changed', () => {
  const input = sample({ log: { level: 'warn' } });
  const before = structuredClone(input);
  applyOverrides(input, { WEFT_WORKERS: '2', WEFT_LOG_LEVEL: 'trace' });
  assert.deepEqual(input, before);
});

test('a bad value is reported under the name of what set it', () => {
  const found = (env: Record<string, string>, flags: Record<string, string> = {}) => {
    const overridden = applyOverrides(sample(), env, flags);
    const validated = validate(overridden.input, overridden.sources);
    return validated.ok ? [] : validated.issues.map(({ code, path }) => `${code} ${path}`);
  };
  assert.deepEqual(found({ WEFT_WORKERS: 'two' }), ['wrong-type WEFT_WORKERS']);
  assert.deepEqual(found({}, { workers: '0' }), ['out-of-range --workers']);
  assert.deepEqual(found({ WEFT_ADMIN: ':80', WEFT_LOG_LEVEL: 'loud' }), [
    'bad-address WEFT_ADMIN',
    'unknown-word WEFT_LOG_LEVEL',
  ]);
});

test('what is not an object passes through, and a part of a wrong type is left to the check', () => {
  assert.equal(applyOverrides('text', { WEFT_WORKERS: '2' }).input, 'text');
  const { input } = applyOverrides(sample({ log: 'loud' }), { WEFT_LOG_LEVEL: 'info' });
  assert.equal((input as { log: unknown }).log, 'loud');
});

test('each variable, flag and key is there once', () => {
  for (const part of ['env', 'flag', 'key'] as const) {
    const names = overrides.map((override) => override[part]).filter((name) => name !== null);
    assert.equal(new Set(names).size, names.length, part);
  }
});
