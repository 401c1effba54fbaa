// examples/sidecar/run.sh: two hosts, two sidecars, programs that others wrote, and nothing left behind.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support/weft.ts';

test('databases, web and mail go through two sidecars that know none of them', () => {
  const { status, stdout, stderr } = spawnSync(join(root, 'examples/sidecar/run.sh'), {
    encoding: 'utf8',
    timeout: 90_000,
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^client +passed .*opaque 5/m);
  assert.match(stdout, /^server +passed .*http1 2/m);
  assert.match(stdout, /^8 passed, 0 failed$/m);
  const left = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
  assert.doesNotMatch(left, /weft-example-/);
});
