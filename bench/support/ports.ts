// Ports for what the bench starts. They lie below the range from which the kernel takes local ports
// of connections, so that no connection of an earlier run sits on one.

import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const first = 20_000;
const count = 10_000;

// Nothing may listen yet on what was given out.
const given = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export async function freeAddress(): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = first + Math.floor(Math.random() * count);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return `127.0.0.1:${port}`;
    }
  }
  throw new Error('no free port between 20000 and 30000');
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function accepts(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(portOf(address), address.slice(0, address.lastIndexOf(':')));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

// Waits until something accepts there. `gone` says that waiting is pointless.
export async function waitUntilAccepting(
  address: string,
  gone: () => boolean,
  timeoutMs = 10_000,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && !gone()) {
    if (await accepts(address)) return true;
    await sleep(10);
  }
  return false;
}
