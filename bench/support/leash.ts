// Processes that end with the bench, whatever ends it (bench/load/leash.cc says how), and the short
// programs that measure them.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Programs } from './programs.ts';

const outputBytesMax = 8192;
const alive = new Set<Leash>();

export interface LeashOptions {
  // The only CPU that the command may use; any if absent.
  readonly cpu?: number | undefined;
  // A folder to remove at the end. Only folders that `makeWorkFolder` names are removed.
  readonly remove?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export class Leash {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';
  #over = false;

  constructor(programs: Programs, command: readonly string[], options: LeashOptions = {}) {
    const args: string[] = [];
    if (options.cpu !== undefined) args.push('--cpu', String(options.cpu));
    if (options.remove !== undefined) args.push('--remove', options.remove);
    if (command.length > 0) args.push('--', ...command);
    // Its own process group: Ctrl-C reaches the bench, which then ends the leash.
    this.#child = spawn(programs.leash, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: options.env ?? process.env,
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-outputBytesMax);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#over = true;
        alive.delete(this);
        resolve();
      };
      this.#child.on('exit', end);
      this.#child.on('error', end);
    });
    alive.add(this);
  }

  // The leash itself; what it holds are its descendants.
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  // True when the command ended by itself.
  get over(): boolean {
    return this.#over;
  }

  // The last of what the command printed.
  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

export async function stopAll(): Promise<void> {
  await Promise.all([...alive].map((leash) => leash.stop()));
}

// A temporary folder, removed when the bench ends.
export function makeWorkFolder(programs: Programs): string {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  new Leash(programs, [], { remove: folder });
  return folder;
}

// Ends everything on Ctrl-C and SIGTERM before leaving.
export function stopOnSignals(): void {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      void stopAll().then(() => process.exit(status));
    });
  }
}

// What a load program prints: one line of JSON with numbers.
export type Figures = Record<string, number>;

export interface RunningClient {
  readonly child: ChildProcess;
  // The lines of JSON it printed; rejects with its stderr when it failed.
  readonly lines: Promise<Figures[]>;
}

export function startClient(programs: Programs, args: readonly string[]): RunningClient {
  const child = spawn(programs.client, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const lines = new Promise<Figures[]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) {
        const parsed = stdout.trim().split('\n').filter(Boolean);
        resolve(parsed.map((line) => JSON.parse(line) as Figures));
      } else {
        reject(new Error(stderr.trim() || `client ${args[0]} failed: ${stdout.trim()}`));
      }
    });
  });
  return { child, lines };
}

export async function runClient(programs: Programs, args: readonly string[]): Promise<Figures> {
  const [figures] = await startClient(programs, args).lines;
  if (figures === undefined) throw new Error(`client ${args[0]} printed nothing`);
  return figures;
}
