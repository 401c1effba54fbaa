// The programs that the demo starts: its backends, and Weft as a user would run it. Each has a process group of its
// own, so that Ctrl-C reaches the demo only, which then ends them in order.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from './wire.ts';

const host = '127.0.0.1';
const backendScript = fileURLToPath(new URL('./backend.js', import.meta.url));
/** By its path: the program is started, not imported. */
const mainScript = join(import.meta.dirname, '../main.js');

/** Everything that was started, so that nothing outlives the demo. */
export class Processes {
  readonly #running = new Set<ChildProcess>();

  start(script: string, args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  killAll(): void {
    for (const child of this.#running) {
      child.kill('SIGKILL');
    }
  }
}

export class Backend {
  readonly name: string;
  readonly target: Target;
  readonly #processes: Processes;
  #child: ChildProcess | null = null;

  constructor(processes: Processes, name: string, port: number) {
    this.#processes = processes;
    this.name = name;
    this.target = { host, port };
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const child = this.#processes.start(backendScript, [this.name, String(this.target.port)]);
    this.#child = child;
    await heard(child, 'listening', `backend ${this.name}`);
  }

  /** SIGKILL, as an out-of-memory killer would. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child !== null && child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
}

/** `weft run --config FILE`. */
export class WeftProcess {
  readonly #child: ChildProcess;
  readonly log: string[] = [];
  #stderr = '';

  constructor(processes: Processes, configFile: string) {
    this.#child = processes.start(mainScript, ['run', '--config', configFile]);
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.log.push(...lines);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it said when it ended by itself; `null` while it runs. */
  get failure(): string | null {
    const { exitCode, signalCode } = this.#child;
    return exitCode === null && signalCode === null
      ? null
      : `weft ended with ${signalCode ?? exitCode}: ${this.#stderr.trim()}`;
  }

  /** Drains and ends it; its exit code. */
  async stop(): Promise<number | null> {
    if (this.failure === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    return this.#child.exitCode;
  }
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function heard(child: ChildProcess, word: string, what: string): Promise<void> {
  let said = '';
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(word)) {
        resolve();
      }
    });
    child.once('exit', () => reject(new Error(`${what} could not start: ${complaint.trim()}`)));
  });
}
