// The whole bench, small: it measures what it found and leaves nothing behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../tcp/main.js', import.meta.url));

interface Outcome {
  readonly status: number | null;
  readonly text: string;
}

function runBench(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, text }));
  });
}

// Processes that inherited this environment, with what they run.
function processesWith(mark: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const own = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
      return own ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : [];
    } catch {
      return []; // No process, or one that has just ended.
    }
  });
}

const small = ['--quick', '--rounds', '1', '--seconds', '0.1'];

test('a small run measures the floors and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-self-'));
  const mark = `WEFT_BENCH_MARK=${folder}`;
  const rows = ['--only', 'exact,ping-pong-1,connect,latency-half,start'];
  const peers = ['--peers', 'direct,copy-floor'];
  const { status, text } = await runBench([...small, ...rows, ...peers], {
    TMPDIR: folder,
    WEFT_BENCH_MARK: folder,
  });
  assert.equal(status, 0, text);
  assert.match(text, /exact[\s\S]*copy-floor +100,663,296/);
  assert.match(text, /copy-floor.* 1\.00x +1\.00x/);
  assert.deepEqual(processesWith(mark), []);
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test('a peer named by a variable is measured, a broken one is reported', async () => {
  const env = {
    WEFT_BENCH_PEER_GONE: 'echo no such luck; exit 3',
    WEFT_BENCH_PEER_WRONG: 'exec sleep {threads}',
  };
  const args = [...small, '--only', 'ping-pong-1', '--peers', 'direct,gone,wrong'];
  const { status, text } = await runBench(args, env);
  assert.equal(status, 0, text);
  assert.match(text, /gone failed: gone does not accept on [^:]+:\d+: no such luck/);
  assert.match(text, /wrong failed/);
});

test('an unknown peer is a usage error that names the known ones', async () => {
  const { status, text } = await runBench([...small, '--peers', 'nobody']);
  assert.equal(status, 2);
  assert.match(text, /nobody not found here; there are direct, copy-floor/);
});
