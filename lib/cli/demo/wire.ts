// One connection of the demo's clients: connects with a deadline, reads what a backend says, knows which backend it is.

import { connect, type Socket } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Longer than any attempt to connect through Weft takes; what is slower than this hangs. */
const silenceMsMax = 5_000;
/** More is left in the kernel until it is asked for, so that one transfer does not hold up a whole turn. */
const waitingBytesMax = 64 * 1024;

export class Wire {
  readonly openedAt = performance.now();
  /** Empty until it greeted. */
  backend = '';
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => undefined;

  private constructor(target: Target) {
    this.#socket = connect({ ...target, noDelay: true, allowHalfOpen: true });
    this.#socket.setTimeout(silenceMsMax);
    this.#socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size >= waitingBytesMax) {
        this.#socket.pause();
      }
      this.#wake();
    });
    this.#socket.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
    this.#socket.on('timeout', () => this.#fail(new Error(`silent for ${silenceMsMax} ms`)));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('closed')));
  }

  /** Connects and reads the greeting. On failure the wire is closed; `opened` gets it in any case. */
  static async open(target: Target, opened: (wire: Wire) => void): Promise<Wire> {
    const wire = new Wire(target);
    opened(wire);
    const [length = 0] = await wire.read(1);
    wire.backend = (await wire.read(length)).toString();
    return wire;
  }

  /** Resolves when the kernel, or Node's buffer below its watermark, has taken the bytes. */
  async write(bytes: Buffer | string): Promise<void> {
    if (this.#error !== null) {
      throw this.#error;
    }
    if (!this.#socket.write(bytes)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#socket.off('drain', done).off('close', done);
          resolve();
        };
        this.#socket.on('drain', done).on('close', done);
      });
    }
  }

  /** Exactly so many bytes. */
  async read(size: number): Promise<Buffer> {
    while (this.#size < size) {
      await this.#more();
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const bytes = all ?? Buffer.alloc(0);
    this.#chunks = bytes.length > size ? [bytes.subarray(size)] : [];
    this.#size = bytes.length - size;
    return bytes.subarray(0, size);
  }

  /** Takes what came since the last call; waits when nothing did. */
  async readSome(): Promise<Buffer> {
    while (this.#size === 0) {
      await this.#more();
    }
    return this.read(this.#size);
  }

  /** Ends our half; what is on the way arrives. */
  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #more(): Promise<void> {
    if (this.#error !== null) {
      throw this.#error;
    }
    if (this.#ended) {
      throw new Error('ended too early');
    }
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }
}
