// The admin server: HTTP around the routes. Bounds everything that a peer controls: header and body size, the
// number of connections, and the time that a slow one may take. Runs on the JavaScript thread, so it must never
// be in the way of traffic, and it is not: native code moves the bytes.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import { type Address, formatAddress } from '../base/address.ts';
import { errnoName } from '../base/errno.ts';
import { ProxyError } from '../base/errors.ts';
import { quality } from './accept.ts';
import { refusal } from './guard.ts';
import {
  type AdminResponse,
  changingMethods,
  type Method,
  type Route,
  textResponse,
} from './route.ts';
import { pathList, routes } from './routes/list.ts';
import { removeStaleSocketFile } from './stale-socket.ts';
import type { AdminView } from './view.ts';

export interface AdminLimits {
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  readonly connectionsMax: number;
  /** From the first byte to the end of the head, and of the body. */
  readonly headerTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Silence, in both directions. */
  readonly idleTimeoutMs: number;
  /** How often the two timeouts above are looked at. */
  readonly checkIntervalMs: number;
}

export const adminLimits: AdminLimits = {
  headerBytesMax: 16 * 1024,
  bodyBytesMax: 4 * 1024,
  connectionsMax: 256,
  headerTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
  checkIntervalMs: 2_500,
};

export interface AdminServerOptions {
  readonly address: Address;
  readonly view: AdminView;
  readonly limits?: AdminLimits;
  /** A handler failed: a bug, or the engine refused. The peer got a 500. */
  readonly onError: (error: unknown, path: string) => void;
}

/** Smaller answers are not worth the time that compressing takes. */
const gzipBytesMin = 1_024;

export class AdminServer {
  readonly #view: AdminView;
  readonly #limits: AdminLimits;
  readonly #onError: (error: unknown, path: string) => void;
  readonly #server: Server;

  /** Resolves when it listens. Throws ProxyError with ERR_ADMIN_LISTEN when the address cannot be had. */
  static async listen(options: AdminServerOptions): Promise<AdminServer> {
    const server = new AdminServer(options);
    await server.#open(options.address);
    return server;
  }

  private constructor({ view, limits = adminLimits, onError }: AdminServerOptions) {
    this.#view = view;
    this.#limits = limits;
    this.#onError = onError;
    this.#server = createServer(
      {
        maxHeaderSize: limits.headerBytesMax,
        headersTimeout: limits.headerTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        connectionsCheckingInterval: limits.checkIntervalMs,
        keepAliveTimeout: limits.idleTimeoutMs,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = limits.connectionsMax;
    this.#server.setTimeout(limits.idleTimeoutMs);
    this.#server.on('clientError', refuseMalformed);
  }

  /** Canonical, with the port that the kernel chose. */
  get address(): string {
    const bound = this.#server.address() as AddressInfo | string | null;
    if (bound === null || typeof bound === 'string') {
      return `unix:${bound ?? ''}`;
    }
    const type = bound.family === 'IPv6' ? 'ipv6' : 'ipv4';
    return formatAddress({ type, host: bound.address, port: bound.port });
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const closed = promisify(this.#server.close.bind(this.#server))();
    this.#server.closeAllConnections();
    await closed;
  }

  async #open(address: Address): Promise<void> {
    const server = this.#server;
    const where = address.type === 'unix' ? { path: address.path } : address;
    if (address.type === 'unix') {
      await removeStaleSocketFile(address.path);
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, formatAddress(address))));
      server.listen(where, resolve);
    });
    server.removeAllListeners('error');
    // Accepting can fail for want of descriptors; the next attempt is the server's own.
    server.on('error', (error) => this.#onError(error, 'accept'));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: AdminResponse;
    try {
      answer = await this.#respond(request);
    } catch (error) {
      if (request.socket.destroyed) {
        return;
      }
      this.#onError(error, request.url ?? '');
      answer = textResponse(500, 'this failed; the log says why.');
    }
    if (!response.destroyed) {
      await send(request, response, answer);
    }
  }

  async #respond(request: IncomingMessage): Promise<AdminResponse> {
    const target = parseTarget(request.url);
    if (target === null) {
      return refused(request, textResponse(400, 'the request target is not a path.'));
    }
    const route = routes.find(({ path }) => path === target.path);
    const method = request.method ?? '';
    const reason = refusal(peerOf(request), changingMethods.has(method));
    if (reason !== null) {
      return refused(request, textResponse(403, reason));
    }
    if (route === undefined) {
      return refused(request, textResponse(404, `no such path. There are:\n${pathList()}`));
    }
    const handler = route.methods[(method === 'HEAD' ? 'GET' : method) as Method];
    if (handler === undefined) {
      return refused(request, wrongMethod(route));
    }
    const body = await readBody(request, this.#limits.bodyBytesMax);
    if (body === null) {
      const problem = `a body has at most ${this.#limits.bodyBytesMax} bytes.`;
      return refused(request, textResponse(413, problem));
    }
    return handler({ query: target.query, headers: request.headers, body }, this.#view);
  }
}

interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

function peerOf(request: IncomingMessage) {
  const { remoteAddress, remoteFamily } = request.socket;
  return {
    // A unix socket has no address; a TCP one that is gone has none either, and counts as a stranger.
    address: remoteAddress ?? (isUnix(request.socket, remoteFamily) ? null : 'gone'),
    host: request.headers.host,
    origin: request.headers.origin,
    fetchSite: request.headers['sec-fetch-site']?.toString(),
  };
}

function isUnix(socket: Socket, remoteFamily: string | undefined): boolean {
  return remoteFamily === undefined && !socket.destroyed && socket.localPort === undefined;
}

/** Path and query as they were sent; `null` when the target is a whole URL or no path. */
function parseTarget(target: string | undefined): Target | null {
  if (!target?.startsWith('/')) {
    return null;
  }
  const [path = '', ...rest] = target.split('?');
  return { path, query: new URLSearchParams(rest.join('?')) };
}

function wrongMethod(route: Route): AdminResponse {
  const methods = Object.keys(route.methods).flatMap((method) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  const allow = methods.join(', ');
  return { ...textResponse(405, `${route.path} answers to ${allow}.`), headers: { allow } };
}

/** The body of a refused request is not read, so its connection cannot be used again. */
function refused(request: IncomingMessage, response: AdminResponse): AdminResponse {
  const hasBody =
    request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
  const close = hasBody ? { connection: 'close' } : {};
  return { ...response, headers: { ...response.headers, ...close } };
}

/** `null` when it is longer than allowed. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bytesMax) {
      return null;
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: AdminResponse,
): Promise<void> {
  let body = Buffer.from(answer.body);
  const headers: Record<string, string> = {
    'content-type': answer.contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    vary: 'accept, accept-encoding',
    ...answer.headers,
  };
  const accepts = request.headers['accept-encoding']?.toString();
  if (body.length >= gzipBytesMin && quality(accepts, 'gzip', ['*']) > 0) {
    body = await gzip(body);
    headers['content-encoding'] = 'gzip';
  }
  headers['content-length'] = String(body.length);
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** zlib costs memory that an idle proxy does not need. */
async function gzip(body: Buffer): Promise<Buffer<ArrayBuffer>> {
  const zlib = await import('node:zlib');
  return promisify(zlib.gzip)(body) as Promise<Buffer<ArrayBuffer>>;
}

const malformed: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = malformed[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function listenError(error: NodeJS.ErrnoException, address: string): ProxyError {
  const name = error.code ?? errnoName(Math.abs(error.errno ?? 0)) ?? '';
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process has it',
    EACCES: 'no permission for it',
    EADDRNOTAVAIL: 'this machine does not have the address',
  };
  const reason = reasons[name] ?? error.message;
  return new ProxyError(
    'ERR_ADMIN_LISTEN',
    `admin.address: cannot listen on ${address}: ${reason} (${name}). ` +
      'Choose another address with --admin or in the configuration, or turn the admin server off.',
    { path: 'admin.address', cause: error },
  );
}
