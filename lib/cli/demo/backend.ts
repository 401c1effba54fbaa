// A backend of the demo: a program of its own, so that it can be killed for real. Its arguments are its name and its
// port. It greets with its name, reads one letter, and then echoes (m), takes bytes and answers with their digest (u),
// or sends bytes and then their digest (d). It ends when whoever started it does.

import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { digestName, kinds, nextTurn, patternBlock, patternBytes } from './protocol.ts';

const [name = '', port = ''] = process.argv.slice(2);

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.write(Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]));
  socket.once('readable', () => {
    const kind = socket.read(1) as Buffer | null;
    switch (kind?.toString()) {
      case kinds.messages:
        socket.pipe(socket);
        break;
      case kinds.upload:
        void takeUpload(socket).catch(() => socket.destroy());
        break;
      case kinds.download:
        void sendDownload(socket).catch(() => socket.destroy());
        break;
      default:
        socket.destroy();
    }
  });
}

async function takeUpload(socket: Socket): Promise<void> {
  const hash = createHash(digestName);
  // The other half stays open: the digest goes out on it.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    hash.update(chunk as Buffer);
    await nextTurn();
  }
  socket.end(hash.digest());
}

async function sendDownload(socket: Socket): Promise<void> {
  const hash = createHash(digestName);
  for (let sent = 0; sent < patternBytes && !socket.destroyed; sent += patternBlock.length) {
    hash.update(patternBlock);
    if (!socket.write(patternBlock)) {
      await new Promise<void>((resolve) => {
        socket.once('drain', resolve);
        socket.once('close', resolve);
      });
    }
    await nextTurn();
  }
  socket.resume();
  socket.end(hash.digest());
}

createServer({ allowHalfOpen: true, noDelay: true }, serve).listen(
  Number(port),
  '127.0.0.1',
  () => void process.stdout.write('listening\n'),
);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
