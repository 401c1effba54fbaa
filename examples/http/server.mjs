// A small application: /echo gives back what it is sent, /sum its SHA-256, /events a stream of server-sent events, and a
// WebSocket gives back its messages.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const server = createServer((asked, answer) => {
  const [path] = (asked.url ?? '').split('?');
  if (path === '/sum') {
    const hash = createHash('sha256');
    asked.on('data', (chunk) => hash.update(chunk));
    asked.on('end', () => answer.end(`${hash.digest('hex')}\n`));
  } else if (path === '/events') {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      answer.write(`data: ${count}\n\n`);
      if (count === 10) {
        clearInterval(timer);
        answer.end();
      }
    }, 20);
  } else {
    const { 'content-type': type = 'application/octet-stream' } = asked.headers;
    answer.writeHead(200, {
      'content-type': type,
      'x-client': String(asked.headers['x-forwarded-for']),
      'x-request-id': String(asked.headers['x-request-id']),
    });
    asked.pipe(answer);
  }
});

// RFC 6455 4.2.2; frames go back as they come, but unmasked.
server.on('upgrade', (asked, socket) => {
  const key = `${asked.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let held = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const length = (held[1] ?? 0) & 0x7f;
      if (held.length < 2 || length > 125 || held.length < 6 + length) return;
      const mask = held.subarray(2, 6);
      const payload = held
        .subarray(6, 6 + length)
        .map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      socket.write(Buffer.concat([Buffer.from([held[0] ?? 0, length]), payload]));
      held = held.subarray(6 + length);
    }
  });
  socket.on('end', () => socket.end());
  socket.on('error', () => socket.destroy());
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(address?.port);
});
