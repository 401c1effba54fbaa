// A service with a version: it says which one it is, and counts what it was asked.

import { createServer } from 'node:http';
import process from 'node:process';

const [version = 'blue'] = process.argv.slice(2);
let count = 0;

const server = createServer((asked, answer) => {
  let bytes = 0;
  asked.on('data', (chunk) => {
    bytes += chunk.length;
  });
  asked.on('end', () => {
    count += 1;
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ version, path: asked.url, bytes, count }));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(address?.port);
});
