// A small application: /echo gives back what it is sent, /sum its SHA-256, /events a stream of server-sent events,
// /redirect leads to /echo, and a WebSocket gives back its messages. /page is a page with 100 resources for a browser,
// which tells /report how that went.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const page = readFileSync(join(import.meta.dirname, 'page.html'));
let report = '';

/** An image as wide as its number says, or a script.
 * @param {string} path
 * @param {string} query */
function resourceOf(path, query) {
  if (path === '/page') return { type: 'text/html', body: page };
  if (path === '/script')
    return { type: 'text/javascript', body: `// ${'x'.repeat(Number(query) * 100)}` };
  if (path !== '/image') return null;
  const size = `width="${Number(query) + 1}" height="1"`;
  return { type: 'image/svg+xml', body: `<svg xmlns="http://www.w3.org/2000/svg" ${size}/>` };
}

/** Not found until the page has told.
 * @param {import('node:http').IncomingMessage} asked
 * @param {import('node:http').ServerResponse} answer */
function serveReport(asked, answer) {
  if (asked.method === 'POST') {
    report = '';
    asked.on('data', (chunk) => {
      report += chunk;
    });
  }
  asked.resume().on('end', () => answer.writeHead(report === '' ? 404 : 200).end(report));
}

const server = createServer((asked, answer) => {
  const [path = '', query = ''] = (asked.url ?? '').split('?');
  const resource = resourceOf(path, query);
  if (resource !== null) {
    asked.resume();
    answer.writeHead(200, { 'content-type': resource.type }).end(resource.body);
  } else if (path === '/report') {
    serveReport(asked, answer);
  } else if (path === '/redirect') {
    asked.resume().on('end', () => answer.writeHead(307, { location: '/echo' }).end());
  } else if (path === '/sum') {
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
