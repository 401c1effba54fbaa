// What the self-tests share: compiled programs, servers on a leash, and small servers of their own.

import { createServer, type Server, type Socket } from 'node:net';
import { Leash, stopAll } from '../support/leash.ts';
import { freeAddress, portOf, waitUntilAccepting } from '../support/ports.ts';
import { buildPrograms } from '../support/programs.ts';

export const programs = await buildPrograms();

// A load server with one kind of work, and what else is to be given to it.
export async function startServer(kind: string, ...options: string[]): Promise<string> {
  const address = await freeAddress();
  const leash = new Leash(programs, [programs.server, `--${kind}`, address, ...options]);
  if (!(await waitUntilAccepting(address, () => leash.over))) throw new Error(leash.output);
  return address;
}

export async function startFloor(name: 'copyFloor' | 'spliceFloor', target: string) {
  const address = await freeAddress();
  const leash = new Leash(programs, [programs[name], address, target]);
  if (!(await waitUntilAccepting(address, () => leash.over))) throw new Error(leash.output);
  return { address, leash };
}

const servers: Server[] = [];

// A server in this process, half-open so that tests decide when each direction ends.
export async function serve(onConnection: (socket: Socket) => void): Promise<string> {
  const address = await freeAddress();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}); // Tests look at the other side.
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(portOf(address), '127.0.0.1', resolve);
  });
  return address;
}

export async function stopServers(): Promise<void> {
  for (const server of servers.splice(0)) server.close();
  await stopAll();
}
