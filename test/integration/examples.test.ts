// The examples that need nothing but Node: each ends with 0 and says what it saw.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../../..');

function run(name: string, env: Record<string, string>): string {
  const { status, stdout, stderr } = spawnSync(join(root, 'examples', name, 'run.sh'), {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 100_000,
  });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('blue-green: a switch by reloads under load loses no request', () => {
  const shown = run('blue-green', { WEFT_EXAMPLE_SECONDS: '1' });
  assert.match(shown, /^ +1 {2}all blue +190 +0 +10 +0$/m);
  assert.match(shown, /^ +4 {2}all green +0 +190 +10 +0$/m);
  assert.match(shown, /^0 requests failed; the split was what was asked for$/m);
});
