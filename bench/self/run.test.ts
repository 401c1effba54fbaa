// The whole bench, small: it measures what it found and leaves nothing behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

// Ports from which the bench takes its own, in the state LISTEN.
function listeningPorts(): number[] {
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const ports = fields.filter((field) => field[3] === '0A').map((field) => field[1] ?? '');
  return ports.map((port) => Number.parseInt(port.split(':')[1] ?? '', 16)).filter(isOurs);
}

function isOurs(port: number): boolean {
  return port >= 20_000 && port < 30_000;
}

function workFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('weft-bench-'));
}

const small = ['--quick', '--rounds', '1', '--seconds', '0.1'];

test('a small run measures the floors and leaves nothing behind', async () => {
  const before = { ports: listeningPorts(), folders: workFolders() };
  const rows = ['--only', 'exact,ping-pong-1,connect,latency-half,start'];
  const peers = ['--peers', 'direct,copy-floor'];
  const { status, text } = await runBench([...small, ...rows, ...peers]);
  assert.equal(status, 0, text);
  assert.match(text, /exact[\s\S]*copy-floor +100,663,296/);
  assert.match(text, /copy-floor.* 1\.00x +1\.00x/);
  assert.deepEqual({ ports: listeningPorts(), folders: workFolders() }, before);
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
