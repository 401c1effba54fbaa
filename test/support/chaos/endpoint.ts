// An endpoint of the chaos test: a program of its own that is killed without warning. It follows the plan that each
// client sends, checks every byte, and tells its parent what should not have happened.

import { createServer, type Socket } from 'node:net';
import { ByteStream, Received } from '../stream.ts';
import { resetNow } from '../tcp.ts';
import {
  decodePlan,
  downSeed,
  encodeGreeting,
  type Plan,
  planBytes,
  readFirst,
  sendAll,
  upSeed,
} from './plan.ts';

const [index = '0', life = '0', port = '0'] = process.argv.slice(2);
const greeting = encodeGreeting({ endpoint: Number(index), life: Number(life) });

function wrong(plan: Plan | null, text: string): void {
  process.send?.({ wrong: `endpoint ${index}: ${text}; plan ${JSON.stringify(plan)}` });
}

async function serve(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  const first = await readFirst(socket, planBytes);
  if (first === null) {
    // A client that said nothing.
    socket.end();
    return;
  }
  const plan = decodePlan(first);
  if (plan === null) {
    wrong(null, `a plan arrived broken: ${first.toString('hex')}`);
    resetNow(socket);
    return;
  }
  const received = new Received(socket, upSeed(plan));
  socket.resume();
  socket.write(greeting);
  await follow(socket, plan, received);
}

async function follow(socket: Socket, plan: Plan, received: Received): Promise<void> {
  const send = (): Promise<void> =>
    sendAll(socket, plan, new ByteStream(downSeed(plan)), plan.downBytes);
  if (plan.kind === 'endpointResets') {
    void send();
    await received.reached(plan.resetAtBytes);
    resetNow(socket);
  } else if (plan.kind === 'clientEndsFirst') {
    await received.ended;
    await send();
    socket.end();
  } else {
    await send();
    if (plan.kind !== 'clientResets') {
      socket.end();
    }
  }
  judge(plan, await received.outcome());
}

function judge(plan: Plan, outcome: Awaited<ReturnType<Received['outcome']>>): void {
  const [end, bytes, wrongAt] = outcome;
  if (wrongAt !== null) {
    wrong(plan, `a wrong byte at ${wrongAt}`);
  }
  if (plan.kind === 'clientResets') {
    if (end === 'end') {
      wrong(plan, `the client's reset became an end after ${bytes} bytes`);
    }
  } else if (plan.kind !== 'endpointResets' && (end !== 'end' || bytes !== plan.upBytes)) {
    wrong(plan, `${end} after ${bytes} bytes`);
  }
}

createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void serve(socket)).listen(
  { port: Number(port), host: '127.0.0.1', backlog: 4096 },
  () => process.send?.('listening'),
);
process.on('disconnect', () => process.exit(0));
