// Starts endpoint-program.ts and kills it, as often as a test wants, on one port.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { killWithUs } from './kill-with-us.ts';

const program = join(import.meta.dirname, 'endpoint-program.js');

export class EndpointProcess {
  readonly name: string;
  readonly port: number;
  readonly #kind: 'echo' | 'silent';
  #child: ChildProcess;

  private constructor(name: string, kind: 'echo' | 'silent', child: ChildProcess, port: number) {
    this.name = name;
    this.port = port;
    this.#kind = kind;
    this.#child = child;
  }

  /** `name` is one letter. */
  static async start(name: string, kind: 'echo' | 'silent' = 'echo'): Promise<EndpointProcess> {
    const { child, port } = await run(name, 0, kind);
    return new EndpointProcess(name, kind, child, port);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** SIGKILL: the kernel ends its connections. Once more does nothing. */
  async kill(): Promise<void> {
    if (this.#child.signalCode !== null) {
      return;
    }
    const exited = once(this.#child, 'exit');
    this.#child.ref();
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** REQUIRES: it was killed. */
  async restart(): Promise<void> {
    const { child } = await run(this.name, this.port, this.#kind);
    this.#child = child;
  }
}

async function run(
  name: string,
  port: number,
  kind: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = killWithUs(fork(program, [name, String(port), kind]));
  const [actual] = (await once(child, 'message')) as [number];
  // A test that fails before it kills its endpoints ends all the same.
  child.unref();
  child.channel?.unref();
  return { child, port: actual };
}
