// Backends and clients for tests with real sockets: small, exact about bytes and about how a connection ended.

import { once } from 'node:events';
import { readSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

const host = '127.0.0.1';

// Below the ports that the kernel hands to outgoing connections, and apart for each process: a port that was free
// a moment ago is not taken by a connection or by a test in another file.
const firstPort = 10_000;
const portCount = 22_000;
let nextPort = (process.pid * 97) % portCount;

/** A port that nobody listens on now, and that this process gives out once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + nextPort;
    nextPort = (nextPort + 1) % portCount;
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, host);
    if (await listening) {
      await once(server.close(), 'close');
      return port;
    }
  }
}

/** A server whose connections a test can see and end. */
export class Backend {
  readonly #server: Server;
  readonly sockets: Socket[] = [];

  private constructor(serve: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => socket.destroy());
      serve(socket);
    });
  }

  /** `serve` gets each connection; `echo` is one. Port 0 is any. */
  static async listen(serve: (socket: Socket) => void, port = 0, address = host): Promise<Backend> {
    const backend = new Backend(serve);
    backend.#server.listen(port, address);
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get address(): string {
    return `${(this.#server.address() as { address: string }).address}:${this.port}`;
  }

  /** Ends every connection and frees the port. */
  async close(): Promise<void> {
    const closed = once(this.#server.close(), 'close');
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await closed;
  }
}

export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** A reset at once. `resetAndDestroy` first sends what waits, and then an orderly end. */
export function resetNow(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}

/** Sends its name and keeps the connection. */
export function greet(name: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(name);
    socket.resume();
    socket.on('end', () => socket.end());
  };
}

/** How a connection ended, from the client's side. */
export type ClientEnd = 'end' | 'reset';

/**
 * What an 'end' of Node was. For a reset that comes together with bytes Node says 'end', too: libuv takes the hang-up
 * for the end of the stream. A read of the descriptor tells.
 */
export function endOf(socket: Socket): ClientEnd {
  const { _handle } = socket as unknown as { readonly _handle: { readonly fd: number } | null };
  try {
    readSync(_handle?.fd ?? -1, Buffer.alloc(1));
    return 'end';
  } catch {
    return 'reset';
  }
}

export class Client {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #end: ClientEnd | null = null;

  private constructor(port: number) {
    this.socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.socket.on('end', () => this.#finish(endOf(this.socket)));
    this.socket.on('error', () => this.#finish('reset'));
    this.socket.on('close', () => this.#finish('reset'));
  }

  /** Rejects when nobody listens. */
  static async connect(port: number): Promise<Client> {
    const client = new Client(port);
    await once(client.socket, 'connect');
    return client;
  }

  /** Exactly so many bytes. */
  async read(size: number): Promise<Buffer> {
    while (this.#received.length < size) {
      if (this.#end !== null) {
        throw new Error(`${this.#end} after ${this.#received.length} of ${size} bytes`);
      }
      await this.#more();
    }
    const bytes = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return bytes;
  }

  /** Sends and reads the same number of bytes. */
  async exchange(text: string): Promise<string> {
    this.socket.write(text);
    return (await this.read(Buffer.byteLength(text))).toString();
  }

  /** Waits for the other side's end. */
  async end(): Promise<ClientEnd> {
    while (this.#end === null) {
      await this.#more();
    }
    return this.#end;
  }

  /** All that has come, as latin1, as soon as it is enough or the connection is over. */
  async readUntil(enough: (text: string) => boolean): Promise<string> {
    while (!enough(this.#received.toString('latin1')) && this.#end === null) {
      await this.#more();
    }
    return this.#received.toString('latin1');
  }

  /** All that came until the end; ends this half, too. */
  async readAll(): Promise<Buffer> {
    await this.end();
    this.socket.end();
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Sends a reset instead of an orderly end. */
  reset(): void {
    resetNow(this.socket);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #finish(end: ClientEnd): void {
    this.#end ??= end;
    this.#wake();
  }
}

/** Whether nobody listens there. */
export function isRefused(port: number): Promise<boolean> {
  return Client.connect(port).then(
    (client) => {
      client.close();
      return false;
    },
    () => true,
  );
}
