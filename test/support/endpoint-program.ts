// An endpoint as a program of its own, started by endpoint-process.ts: it can be killed for real, and its descriptors
// are its own. It greets with its name, one letter, and echoes; as 'silent' it takes connections and says nothing.

import { createServer } from 'node:net';

const [name = '', port = '0', kind = 'echo'] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  if (kind === 'echo') {
    socket.write(name);
    socket.pipe(socket);
  } else {
    socket.on('end', () => socket.end());
    socket.resume();
  }
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.((server.address() as { port: number }).port);
});
process.on('disconnect', () => process.exit(0));
