// A port in front of another one that notes what comes: for each connection, what its client sends before it is
// answered, and what it sends then.

import { connect } from 'node:net';
import { Backend } from './tcp.ts';

export class Tee {
  readonly #notes: string[] = [];
  #backend: Backend | null = null;

  static async before(port: number): Promise<Tee> {
    const tee = new Tee();
    tee.#backend = await Backend.listen((socket) => {
      let index = tee.#notes.push('') - 1;
      let answered = false;
      const behind = connect(port, '127.0.0.1');
      behind.on('error', () => socket.destroy());
      behind.on('data', (chunk: Buffer) => {
        answered ||= !chunk.toString('latin1').startsWith('HTTP/1.1 1');
      });
      socket.on('data', (chunk: Buffer) => {
        if (answered) {
          index = tee.#notes.push('') - 1;
          answered = false;
        }
        tee.#notes[index] += chunk.toString('latin1');
      });
      socket.on('error', () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    });
    return tee;
  }

  get address(): string {
    return this.#backend?.address ?? '';
  }

  async close(): Promise<void> {
    await this.#backend?.close();
  }

  /** What came since the last time (latin1). */
  take(): readonly string[] {
    const taken = this.#notes.filter((bytes) => bytes !== '');
    this.#notes.fill('');
    return taken;
  }
}
