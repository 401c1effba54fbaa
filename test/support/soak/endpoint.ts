// An endpoint of the HTTP soak: a server of Node's as a program of its own, that is killed, paused and started again.
// It checks every byte of each request and answers as its plan says. Whatever it sees it appends to a file before it
// answers, so that its parent knows after a kill too: `seen <id> <method> <endpoint> <life>` and `wrong <text>`.

import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { ByteStream, StreamCheck } from '../stream.ts';
import { downSeed, type Plan, planOf, upSeed } from './plan.ts';

const [index = '0', life = '0', port = '0', file = ''] = process.argv.slice(2);
const log = openSync(file, 'a');
const pieceBytes = 64 * 1024;

function wrong(what: string, asked: IncomingMessage): void {
  writeSync(log, `wrong endpoint ${index}: ${what}: ${asked.method} ${asked.url}\n`);
}

/** Takes the body of a request. Resolves when it has ended in order; never when it was cut. */
function taken(asked: IncomingMessage, plan: Plan): Promise<void> {
  const check = new StreamCheck(upSeed(plan.id));
  asked.on('data', (chunk: Buffer) => check.take(chunk));
  asked.on('error', () => undefined);
  return new Promise((resolve) => {
    asked.once('end', () => {
      if (check.wrongAt !== null || check.bytes !== plan.upBytes) {
        wrong(`${check.bytes} bytes, a wrong one at ${check.wrongAt}`, asked);
      }
      resolve();
    });
  });
}

/** A pull for each piece that the connection takes. */
function sendBody(to: Writable, plan: Plan): void {
  const stream = new ByteStream(downSeed(plan.id));
  const more = (): void => {
    while (stream.position < plan.downBytes) {
      const bytes = Math.min(pieceBytes, plan.downBytes - stream.position);
      if (!to.write(stream.next(bytes))) {
        to.once('drain', more);
        return;
      }
    }
    to.end();
  };
  more();
}

function answerAs(plan: Plan, answer: ServerResponse): void {
  answer.setHeader('x-id', plan.id).setHeader('x-origin', `${index}.${life}`);
  if (plan.flaky && Math.random() < 0.5) {
    answer.writeHead(503).end('busy');
    return;
  }
  if (plan.downCoding === 'length') {
    answer.setHeader('content-length', plan.downBytes);
  } else if (plan.downCoding === 'close') {
    answer.removeHeader('transfer-encoding');
  }
  if (plan.method === 'HEAD') {
    answer.end();
  } else {
    sendBody(answer, plan);
  }
}

function planned(asked: IncomingMessage): Plan | null {
  const plan = planOf(asked.method ?? '', asked.url ?? '');
  if (plan === null) {
    wrong('nobody asks for that', asked);
  } else {
    writeSync(log, `seen ${plan.id} ${plan.method} ${index} ${life}\n`);
  }
  return plan;
}

const server = createServer(async (asked, answer) => {
  answer.on('error', () => undefined);
  if (asked.url === '/health') {
    answer.end();
    return;
  }
  const plan = planned(asked);
  if (plan === null) {
    answer.writeHead(400).end();
    return;
  }
  await taken(asked, plan);
  answerAs(plan, answer);
});

/** The handshake of a WebSocket, and behind it an echo. */
server.on('upgrade', (asked: IncomingMessage, socket: Socket, first: Buffer) => {
  socket.on('error', () => socket.destroy());
  const plan = planned(asked);
  if (plan === null) {
    socket.destroy();
    return;
  }
  const key = `${asked.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
      `sec-websocket-accept: ${accept}\r\nx-id: ${plan.id}\r\nx-origin: ${index}.${life}\r\n\r\n`,
  );
  const check = new StreamCheck(upSeed(plan.id));
  socket.on('data', (chunk: Buffer) => {
    check.take(chunk);
    if (check.wrongAt !== null) {
      wrong(`a wrong byte at ${check.wrongAt}`, asked);
      socket.destroy();
    }
  });
  socket.unshift(first);
  socket.pipe(socket);
});

// Weft closes idle connections after three seconds; nobody else does, so that without kills nothing is ever cut.
Object.assign(server, { keepAliveTimeout: 120_000, headersTimeout: 0, requestTimeout: 0 });
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () =>
  process.send?.('listening'),
);
process.on('disconnect', () => process.exit(0));
