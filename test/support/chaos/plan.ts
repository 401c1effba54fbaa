// What one connection of the chaos test does, agreed between its two ends: the client draws a plan and sends it first.
// Both directions are streams of stream.ts, told apart by their seeds.

import type { Socket } from 'node:net';
import { type ByteStream, sendBytes } from '../stream.ts';

export const kinds = [
  /** Both send at once and end their halves when they are done. */
  'exchange',
  /** The same, by a client that stops reading now and then. */
  'slow',
  /** The same, one byte at a time. */
  'trickle',
  /** The endpoint answers when the client has ended its half. */
  'clientEndsFirst',
  /** The client answers when the endpoint has ended its half. */
  'endpointEndsFirst',
  /** The client resets when it has received so many bytes. */
  'clientResets',
  /** The endpoint does. */
  'endpointResets',
] as const;
export type Kind = (typeof kinds)[number];

export interface Plan {
  readonly kind: Kind;
  readonly seed: number;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly resetAtBytes: number;
}

export const planBytes = 24;

export function encodePlan(plan: Plan): Buffer {
  const bytes = Buffer.alloc(planBytes);
  bytes.write('weft', 'latin1');
  bytes.writeUInt32LE(kinds.indexOf(plan.kind), 4);
  bytes.writeUInt32LE(plan.seed, 8);
  bytes.writeUInt32LE(plan.upBytes, 12);
  bytes.writeUInt32LE(plan.downBytes, 16);
  bytes.writeUInt32LE(plan.resetAtBytes, 20);
  return bytes;
}

/** `null`: these are not the bytes of a plan. */
export function decodePlan(bytes: Buffer): Plan | null {
  const kind = kinds[bytes.readUInt32LE(4)];
  if (bytes.toString('latin1', 0, 4) !== 'weft' || kind === undefined) {
    return null;
  }
  return {
    kind,
    seed: bytes.readUInt32LE(8),
    upBytes: bytes.readUInt32LE(12),
    downBytes: bytes.readUInt32LE(16),
    resetAtBytes: bytes.readUInt32LE(20),
  };
}

export const upSeed = (plan: Plan): number => 2 * plan.seed;
export const downSeed = (plan: Plan): number => 2 * plan.seed + 1;

/** The endpoint says first which one it is, and in which of its lives. */
export interface Greeting {
  readonly endpoint: number;
  readonly life: number;
}

export const greetingBytes = 8;

export function encodeGreeting({ endpoint, life }: Greeting): Buffer {
  const bytes = Buffer.alloc(greetingBytes);
  bytes.writeUInt32LE(endpoint, 0);
  bytes.writeUInt32LE(life, 4);
  return bytes;
}

export function decodeGreeting(bytes: Buffer): Greeting {
  return { endpoint: bytes.readUInt32LE(0), life: bytes.readUInt32LE(4) };
}

/** The first `size` bytes; `null` when the connection ended before. What follows stays in the socket. */
export function readFirst(socket: Socket, size: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const settle = (bytes: Buffer | null): void => {
      socket.off('readable', look).off('end', give).off('close', give);
      resolve(bytes);
    };
    const look = (): void => {
      const bytes = socket.readableLength >= size ? (socket.read(size) as Buffer | null) : null;
      if (bytes !== null) {
        settle(bytes);
      } else if (socket.readableLength < size) {
        socket.read(0);
      }
    };
    const give = (): void => settle(null);
    socket.on('readable', look).on('end', give).on('close', give);
    look();
  });
}

/** Sends one direction as the plan says. */
export async function sendAll(
  socket: Socket,
  plan: Plan,
  stream: ByteStream,
  size: number,
): Promise<void> {
  if (plan.kind !== 'trickle') {
    await sendBytes(socket, stream, size);
    return;
  }
  for (let count = 0; count < size && socket.writable; count++) {
    socket.write(stream.next(1));
    await new Promise(setImmediate);
  }
}
