// The addon for arm64 on a machine of another kind: a real node of that architecture under qemu loads it, listens,
// and carries traffic. The runner says where that node is (scripts/testing/packages.mjs).

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Backend, Client, echo } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { mainScript, root } from '../support/weft.ts';

const node = process.env['WEFT_NODE_ARM64'] ?? '';
/** Debian's cross libraries, in place of the machine's own. */
const qemu = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', node, mainScript];
// The clone has a prebuilt addon and one of its own; a folder with only the first is named here.
const env = {
  ...process.env,
  WEFT_PREBUILD: join(root, 'build-native/prebuild-arm64/only'),
};

test('weft version loads it', () => {
  const [program = '', ...args] = [...qemu, 'version', '--json'];
  const { stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  const facts = JSON.parse(stdout);
  assert.equal(facts.platform, 'linux-arm64', stderr);
  assert.match(facts.addon?.build ?? facts.addonMissing, /^g\+\+ /);
});

test('weft forward carries traffic, copied and in bulk, and drains', async () => {
  const backend = await Backend.listen(echo);
  after(() => backend.close());
  const [program = '', ...args] = [...qemu, 'forward', '127.0.0.1:0', backend.address];
  const child = spawn(program, [...args, '--workers', '1'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  after(() => child.kill('SIGKILL'));
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const port = await until(
    'weft to listen',
    () => Number(/"address":"127\.0\.0\.1:(\d+)","cluster"/.exec(log)?.[1] ?? 0) || null,
    60_000,
  );
  const client = await Client.connect(port);
  assert.equal(await client.exchange('small'), 'small');
  const bulk = 'b'.repeat(4 * 1_048_576);
  assert.equal(await client.exchange(bulk), bulk);
  client.socket.end();
  assert.equal(await client.end(), 'end');
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});
