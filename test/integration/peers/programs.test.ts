// Programs that others wrote, through Weft, as examples/tcp/run.sh runs them: here with small bodies and short
// measurements. WEFT_EXAMPLE_MIB and WEFT_EXAMPLE_SECONDS make them longer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { root, tempFolder } from '../../support/weft.ts';

const script = join(root, 'examples/tcp/run.sh');
const sizes = { WEFT_EXAMPLE_MIB: '64', WEFT_EXAMPLE_SECONDS: '1' };

/** What run.sh calls a program, the commands that it takes, and how its line begins. */
const programs = [
  ['pgbench', ['initdb', 'psql'], /^8 clients: \d+ transactions\/s, \d+\/s with a connection each/],
  ['redis', ['redis-server', 'redis-benchmark', 'redis-cli'], /^50 clients: \d+ GET\/s/],
  ['iperf3', ['iperf3'], /^MiB\/s there \d+, back \d+, both at once \d+\+\d+$/],
  ['ssh', ['sshd', 'ssh', 'scp'], /^\d+ MiB by scp and back by ssh agree; 5 commands$/],
  ['curl', ['curl'], /^\d+ MiB up and down agree; 500 small requests$/],
  ['socat', ['socat'], /^10 answers came after the client's end/],
] as const;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(script, args, {
      env: { ...sizes, ...process.env, WEFT_TEST_NO_INSTALL: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function isThere(command: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  folders.push('/usr/local/sbin', '/usr/sbin', '/sbin');
  const postgres = '/usr/lib/postgresql';
  if (existsSync(postgres)) {
    folders.push(...readdirSync(postgres).map((version) => join(postgres, version, 'bin')));
  }
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The result lines by name: whether it passed, and what it says. */
function resultsOf(
  stdout: string,
): Map<string, { readonly passed: boolean; readonly says: string }> {
  const lines = [...stdout.matchAll(/^(\w+) +(passed|FAILED) +\d+ s {2}(.*)$/gm)];
  return new Map(
    lines.map(([, name = '', word, says = '']) => [name, { passed: word === 'passed', says }]),
  );
}

for (const [name, commands, says] of programs) {
  test(`${name} works through Weft, which drains after it`, async (t) => {
    const lacking = commands.filter((command) => !isThere(command));
    if (lacking.length > 0) {
      assert.notEqual(process.env['CI'], 'true', `needs ${lacking.join(', ')}`);
      t.skip(`needs ${lacking.join(', ')}; scripts/setup-debian.sh installs what is missing`);
      return;
    }
    const outcome = await run([name]);
    const results = resultsOf(outcome.stdout);
    const all = `${outcome.stdout}${outcome.stderr}`;
    assert.equal(results.get(name)?.passed, true, all);
    assert.match(results.get(name)?.says ?? '', says);
    assert.match(results.get('weft')?.says ?? '', /finished \d+/);
    assert.match(outcome.stdout, /\n2 passed, 0 failed\n$/);
    assert.equal(outcome.code, 0, all);
  });
}

test('a program that is not on this machine fails, and says what to install', async () => {
  const folder = tempFolder();
  for (const name of readdirSync('/usr/bin')) {
    if (name !== 'socat' && name !== 'node') {
      symlinkSync(join('/usr/bin', name), join(folder, name));
    }
  }
  symlinkSync(process.execPath, join(folder, 'node'));
  const { code, stdout } = await run(['socat'], { PATH: folder });
  assert.equal(resultsOf(stdout).get('socat')?.passed, false, stdout);
  assert.match(stdout, /apt-get install socat/);
  assert.match(stdout, /\n1 passed, 1 failed\n$/);
  assert.equal(code, 1);
});

test('a name that it does not know: 2, and the names that it knows', async () => {
  const { code, stderr } = await run(['telnet']);
  assert.equal(code, 2);
  assert.match(stderr, /telnet.*Programs: pgbench redis iperf3 ssh curl socat/);
});
