// A program of its own whose listening socket never answers: its queue is full and it is stopped, so that the kernel
// drops what else comes. What connects to it waits until its own deadline.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const host = '127.0.0.1';
const program = `
const server = require('node:net').createServer(() => undefined);
server.listen({ port: 0, host: '${host}', backlog: 1 }, () => console.log(server.address().port));
`;

export class SilentBackend {
  readonly #child: ChildProcess;
  readonly #fillers: readonly Socket[];
  readonly address: string;

  private constructor(child: ChildProcess, port: number, fillers: readonly Socket[]) {
    this.#child = child;
    this.#fillers = fillers;
    this.address = `${host}:${port}`;
  }

  static async start(): Promise<SilentBackend> {
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    child.kill('SIGSTOP');
    // The queue takes one more than its length; the third is not answered any more.
    const fillers = Array.from({ length: 3 }, () =>
      connect(port, host).on('error', () => undefined),
    );
    await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')));
    return new SilentBackend(child, port, fillers);
  }

  stop(): void {
    for (const filler of this.#fillers) {
      filler.destroy();
    }
    this.#child.kill('SIGKILL');
  }
}
