// Streams of bytes that never repeat and are the same for the same seed. Whoever receives one checks every byte at its
// place, so that a lost, doubled or exchanged byte is found where it happens.

import { type Cipher, createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type ClientEnd, endOf } from './tcp.ts';

const chunkBytes = 256 * 1024;
const zeros = Buffer.alloc(chunkBytes);

export class ByteStream {
  readonly #cipher: Cipher;
  position = 0;

  constructor(seed: number) {
    const key = Buffer.alloc(16);
    key.writeDoubleLE(seed);
    this.#cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  }

  next(size: number): Buffer {
    this.position += size;
    return this.#cipher.update(size <= chunkBytes ? zeros.subarray(0, size) : Buffer.alloc(size));
  }
}

/** Sends the next `size` bytes, no faster than they are taken. False when the connection failed before. */
export async function sendBytes(
  socket: Socket,
  stream: ByteStream,
  size: number,
  pieceBytes = chunkBytes,
): Promise<boolean> {
  for (let left = size; left > 0; left -= pieceBytes) {
    if (!socket.writable) {
      return false;
    }
    if (!socket.write(stream.next(Math.min(left, pieceBytes)))) {
      await drained(socket);
    }
  }
  return true;
}

/** Resolves when more can be written, or nothing can any more. */
export function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** A connection that a test reads by itself, whose failure is seen by who reads. */
export async function open(to: NetConnectOpts): Promise<Socket> {
  const socket = connect({ noDelay: true, allowHalfOpen: true, ...to });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Checks that what comes is a stream, byte by byte. */
export class StreamCheck {
  bytes = 0;
  /** Where the first wrong byte is; `null`: all were right. */
  wrongAt: number | null = null;
  readonly #stream: ByteStream;

  constructor(seed: number) {
    this.#stream = new ByteStream(seed);
  }

  take(chunk: Buffer): void {
    const expected = this.#stream.next(chunk.length);
    if (this.wrongAt === null && !expected.equals(chunk)) {
      const offset = chunk.findIndex((byte, index) => byte !== expected[index]);
      this.wrongAt = this.bytes + offset;
    }
    this.bytes += chunk.length;
  }
}

export class Received extends StreamCheck {
  /** 'end' is the other side's orderly end, 'reset' everything else. */
  readonly ended: Promise<ClientEnd>;
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

  /** Takes everything that `socket` receives from now on. */
  constructor(socket: Socket, seed: number) {
    super(seed);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    this.ended = new Promise((resolve) => {
      socket.once('end', () => {
        const end = endOf(socket);
        if (end === 'reset') {
          socket.destroy();
        }
        resolve(end);
      });
      socket.once('close', () => resolve('reset'));
      if (socket.destroyed) {
        resolve('reset');
      }
    });
    void this.ended.then(() => this.#wake(Number.POSITIVE_INFINITY));
  }

  /** Resolves when so many bytes came, or none can come any more. */
  reached(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, resolve });
      this.#wake(this.bytes);
    });
  }

  /** How the stream ended, after how many bytes, and where the first wrong one is. */
  async outcome(): Promise<readonly [ClientEnd, number, number | null]> {
    const end = await this.ended;
    return [end, this.bytes, this.wrongAt];
  }

  override take(chunk: Buffer): void {
    super.take(chunk);
    this.#wake(this.bytes);
  }

  #wake(bytes: number): void {
    const ready = this.#waiting.filter((one) => one.bytes <= bytes);
    this.#waiting = this.#waiting.filter((one) => one.bytes > bytes);
    for (const { resolve } of ready) {
      resolve();
    }
  }
}
