import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../lib/base/errors.ts';
import { type ForwardArguments, forwardConfig } from '../../../lib/config/forward-config.ts';

const given: ForwardArguments = {
  listen: '127.0.0.1:8080',
  targets: ['10.0.0.5:80'],
  flags: {},
  accessLog: false,
};

function problems(change: Partial<ForwardArguments>, env: Record<string, string> = {}): string[] {
  try {
    forwardConfig({ ...given, ...change }, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.issues.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

test('forward is one listener, one cluster and no admin server', () => {
  const config = forwardConfig({ ...given, targets: ['10.0.0.5:80', 'unix:/run/a.sock'] }, {});
  assert.equal(config.admin, null);
  assert.deepEqual(
    config.listeners.map(({ address, cluster }) => [address, cluster]),
    [['127.0.0.1:8080', 'targets']],
  );
  assert.deepEqual(
    config.clusters.map(({ name, endpoints }) => [name, endpoints.length]),
    [['targets', 2]],
  );
  assert.equal(config.clusters[0]?.balancer.type, 'p2cEwma');
  assert.equal(config.listeners[0]?.accessLog, false);
});

test('forward takes flags and variables', () => {
  const flags = { balancer: 'random', workers: '3', admin: '127.0.0.1:4191', 'log-level': 'warn' };
  const config = forwardConfig({ ...given, flags, accessLog: true }, { WEFT_WORKERS: '2' });
  assert.equal(config.clusters[0]?.balancer.type, 'random');
  assert.equal(config.workerCount, 3);
  assert.equal(config.admin?.address, '127.0.0.1:4191');
  assert.equal(config.log.level, 'warn');
  assert.equal(config.listeners[0]?.accessLog, true);
  assert.equal(forwardConfig(given, { WEFT_WORKERS: '2' }).workerCount, 2);
});

test('problems of forward are at the words of its help text', () => {
  assert.deepEqual(problems({}), []);
  assert.deepEqual(problems({ listen: ':80', targets: ['10.0.0.5:80', 'web:80', 'w eb:80'] }), [
    'bad-address LISTEN',
    'bad-address TARGET 3',
  ]);
  assert.deepEqual(problems({ targets: [] }), ['empty TARGET']);
  assert.deepEqual(problems({ targets: ['10.0.0.5:80', '10.0.0.5:80'] }), [
    'duplicate-address TARGET 2',
  ]);
  assert.deepEqual(problems({ targets: ['127.0.0.1:8080'] }), ['loop TARGET 1']);
  assert.deepEqual(problems({ flags: { balancer: 'best', workers: '0' } }), [
    'unknown-word --balancer',
    'out-of-range --workers',
  ]);
  assert.deepEqual(problems({ flags: { admin: '127.0.0.1:8080' } }), ['duplicate-address --admin']);
  assert.deepEqual(problems({}, { WEFT_ADMIN: 'x' }), ['bad-address WEFT_ADMIN']);
});
