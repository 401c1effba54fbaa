// However a process or a worker thread ends while engines run, it ends as it was told: no crash, no hang, nothing on
// stderr, nothing left behind. Each case is a child process of its own, and runs several times, because what it
// guards against are races.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/** Another Node binary for the children. */
const node = process.env['WEFT_TEST_NODE'] ?? process.execPath;
const childScript = join(import.meta.dirname, '../support/engine-child.js');
const hangMs = 60_000;
const repeats = 5;

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the child; sends `signal` as soon as it is ready. */
async function run(args: readonly string[], signal?: NodeJS.Signals): Promise<Outcome> {
  const child = spawn(node, [childScript, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const hang = setTimeout(() => child.kill('SIGABRT'), hangMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (signal !== undefined && stdout.includes('ready')) {
      child.kill(signal);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, endedBy] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(hang);
  return { code, signal: endedBy, stdout, stderr };
}

async function repeated(mode: string, check: (outcome: Outcome) => void, signal?: NodeJS.Signals) {
  for (let count = 0; count < repeats; count++) {
    const outcome = await run([mode], signal);
    check(outcome);
  }
}

function exitsWith(code: number): (outcome: Outcome) => void {
  return (outcome) => {
    assert.deepEqual([outcome.code, outcome.signal], [code, null], outcome.stderr);
    assert.equal(outcome.stderr, '');
  };
}

function throwsUncaught({ code, signal, stderr }: Outcome): void {
  assert.deepEqual([code, signal], [1, null], stderr);
  assert.match(stderr, /Error: nobody catches this/);
}

function endsBy(name: NodeJS.Signals): (outcome: Outcome) => void {
  return ({ code, signal, stderr }) => {
    assert.deepEqual([code, signal], [null, name], stderr);
    assert.equal(stderr, '');
  };
}

const exiting = [
  'exit',
  'exit-with-metrics',
  'exit-in-sink',
  'exit-while-stopping',
  'exit-while-publishing',
  'exit-with-two',
  'worker-exit',
  'main-exit-with-worker',
];

for (const mode of exiting) {
  test(`process.exit during traffic: ${mode}`, () => repeated(mode, exitsWith(7)));
}

test('process.exit stops the engine in order: its socket file is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-'));
  const path = join(folder, 'socket');
  const outcome = await run(['exit-with-socket-file', path]);
  exitsWith(7)(outcome);
  assert.equal(outcome.stdout, 'listening');
  assert.equal(existsSync(path), false);
  rmSync(folder, { recursive: true });
});

test('an uncaught throw during traffic', () => repeated('throw', throwsUncaught));

test('an uncaught throw in the event sink', () => repeated('throw-in-sink', throwsUncaught));

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  test(`${signal} during traffic, without a handler`, () =>
    repeated('signal', endsBy(signal), signal));
}

test('a process whose engine was stopped ends by itself', () => repeated('end', exitsWith(0)));

test('worker threads that are terminated stop their engines', () =>
  repeated('worker-terminate', (outcome) => {
    exitsWith(0)(outcome);
    // Node's own: main, the platform's workers, libuv's pool.
    const threads = Number(/^(\d+) threads$/m.exec(outcome.stdout)?.[1]);
    assert.ok(threads <= 12, outcome.stdout);
  }));

test('an uncaught throw in a worker thread stops its engine and not the process', () =>
  repeated('worker-throw', (outcome) => {
    exitsWith(0)(outcome);
    assert.equal(outcome.stdout, 'nobody catches this\n');
  }));

test('1,000 starts and stops leave no descriptor, no thread and no memory behind', async () => {
  const outcome = await run(['cycles', '1000']);
  exitsWith(0)(outcome);
  const left = JSON.parse(outcome.stdout) as Record<'descriptors' | 'threads' | 'bytes', number>;
  assert.ok(left.descriptors <= 0, outcome.stdout);
  assert.ok(left.threads <= 0, outcome.stdout);
  // The address sanitizer keeps freed memory for a while on purpose.
  if (process.env['WEFT_SANITIZE'] === undefined) {
    assert.ok(left.bytes < 8 * 1024 * 1024, outcome.stdout);
  }
});
