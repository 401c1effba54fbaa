// The clients of the chaos test, in a program of their own. Started with the port of the proxy, a seed, how many
// connections are active and how many say nothing. On 'run' it works until 'pause'; on 'finish' it ends everything.
// Both are answered with a Tally, when nothing is active any more.

import type { Socket } from 'node:net';
import { ByteStream, open, Received } from '../stream.ts';
import { endOf, resetNow } from '../tcp.ts';
import {
  decodeGreeting,
  downSeed,
  encodePlan,
  type Greeting,
  greetingBytes,
  type Kind,
  kinds,
  type Plan,
  readFirst,
  sendAll,
  upSeed,
} from './plan.ts';
import { mulberry32 } from './random.ts';

/** A connection that did not do what its plan says. */
export interface Loss {
  readonly plan: Plan | null;
  readonly greeting: Greeting | null;
  /** Date.now() of its beginning and its end. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Tally {
  readonly opened: number;
  /** Ended in order, with every byte right both ways. */
  readonly whole: Readonly<Record<Kind, number>>;
  readonly silentEnded: number;
  readonly silentOpen: number;
  readonly lost: readonly Loss[];
  /** What nothing can explain. */
  readonly wrong: readonly string[];
}

const [port = '0', seedText = '1', activeMax = '40', silentMax = '1000'] = process.argv.slice(2);
const random = mulberry32(Number(seedText));
/** Longer than any machine makes a connection wait; what is silent for longer hangs. */
const stuckMs = 30_000;

let isRunning = false;
let isFinishing = false;
let opened = 0;
let silentEnded = 0;
const whole = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
const lost: Loss[] = [];
const wrong: string[] = [];
const silent = new Set<Socket>();
let loops: Promise<unknown> = Promise.resolve();

/** Evenly spread over the orders of magnitude up to `max`. */
function size(max: number): number {
  return Math.floor(Math.exp(random() * Math.log(max)));
}

function drawPlan(): Plan {
  const kind = kinds[Math.floor(random() * kinds.length)] ?? 'exchange';
  const max = kind === 'trickle' ? 200 : 3_000_000;
  const [upBytes, downBytes] = [size(max), size(max)];
  const resettable = kind === 'clientResets' ? downBytes : upBytes;
  const resetAtBytes = Math.floor(random() * resettable);
  return { kind, seed: Math.floor(random() * 0x7fff_ffff), upBytes, downBytes, resetAtBytes };
}

async function connected(): Promise<Socket | null> {
  const from = Date.now();
  try {
    const socket = await open({ port: Number(port), host: '127.0.0.1' });
    opened += 1;
    return socket;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') {
      // It was accepted, and reset before this program looked.
      opened += 1;
      lost.push({ plan: null, greeting: null, from, to: Date.now(), text: 'reset at once' });
    } else {
      wrong.push(`the proxy did not accept: ${error}`);
    }
    return null;
  }
}

/** Carries out a plan on a new connection and judges how it went. */
async function carryOut(plan: Plan): Promise<void> {
  const from = Date.now();
  const socket = await connected();
  if (socket === null) {
    return;
  }
  const failed = new Promise<boolean>((resolve) => {
    socket.once('close', (hadError) => resolve(hadError));
  });
  socket.setTimeout(stuckMs, () => {
    wrong.push(`nothing moved for ${stuckMs} ms: ${JSON.stringify(plan)}`);
    socket.destroy();
  });
  socket.write(encodePlan(plan));
  const send = (): Promise<void> =>
    sendAll(socket, plan, new ByteStream(upSeed(plan)), plan.upBytes);
  const sent = plan.kind === 'endpointEndsFirst' ? null : send();
  if (plan.kind !== 'endpointEndsFirst' && !plan.kind.endsWith('Resets')) {
    void sent?.then(() => socket.end());
  }
  const lose = (greeting: Greeting | null, text: string): void => {
    lost.push({ plan, greeting, from, to: Date.now(), text });
  };
  const first = await readFirst(socket, greetingBytes);
  if (first === null) {
    const end = socket.destroyed ? 'reset' : endOf(socket);
    socket.destroy();
    if (plan.kind === 'endpointResets' && end === 'reset') {
      // What a client writes into a reset connection fails before it reads what came.
      whole[plan.kind] += 1;
    } else {
      lose(null, `${end} before the greeting`);
    }
    return;
  }
  const greeting = decodeGreeting(first);
  const received = new Received(socket, downSeed(plan));
  if (plan.kind === 'slow') {
    hesitate(socket);
  }
  socket.resume();
  const didReset = await beEvil(socket, plan, received);
  const [end, bytes, wrongAt] = await received.outcome();
  if (plan.kind === 'endpointEndsFirst' && end === 'end') {
    await send();
    socket.end();
  }
  if (end === 'end' && plan.kind.endsWith('Resets')) {
    socket.destroy();
  }
  const hadError = await failed;
  if (wrongAt !== null) {
    wrong.push(`a wrong byte at ${wrongAt}: ${JSON.stringify(plan)}`);
  } else if (plan.kind === 'endpointResets' ? end === 'reset' : didReset) {
    whole[plan.kind] += 1;
  } else if (
    end === 'end' &&
    bytes === plan.downBytes &&
    !hadError &&
    plan.kind !== 'endpointResets'
  ) {
    whole[plan.kind] += 1;
  } else {
    lose(greeting, `${end} after ${bytes} bytes${hadError ? ', with an error' : ''}`);
  }
}

/** Resets where the plan says so. True when it did, on a connection that was still whole. */
async function beEvil(socket: Socket, plan: Plan, received: Received): Promise<boolean> {
  if (plan.kind !== 'clientResets') {
    return false;
  }
  await received.reached(plan.resetAtBytes);
  if (received.bytes < plan.resetAtBytes || socket.destroyed || !socket.writable) {
    return false;
  }
  resetNow(socket);
  return true;
}

function hesitate(socket: Socket): void {
  socket.on('data', () => {
    if (random() < 0.2) {
      socket.pause();
      setTimeout(() => socket.resume(), random() * 20);
    }
  });
}

async function loop(): Promise<void> {
  while (isRunning) {
    await carryOut(drawPlan());
  }
}

/** Keeps so many connections that say nothing; those of an endpoint that died end, and others take their place. */
async function keepSilent(): Promise<void> {
  while (isRunning) {
    const missing = Math.min(50, Number(silentMax) - silent.size);
    await Promise.all(Array.from({ length: Math.max(0, missing) }, beSilent));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function beSilent(): Promise<void> {
  const from = Date.now();
  const socket = await connected();
  if (socket === null) {
    return;
  }
  silent.add(socket);
  let saysEnd = false;
  socket.resume();
  socket.once('end', () => {
    saysEnd = true;
    socket.end();
  });
  socket.once('close', (hadError) => {
    silent.delete(socket);
    silentEnded += 1;
    if (!isFinishing || hadError || !saysEnd) {
      const text = hadError ? 'reset' : 'end';
      lost.push({ plan: null, greeting: null, from, to: Date.now(), text: `silent: ${text}` });
    }
  });
}

function tally(): Tally {
  return { opened, whole, silentEnded, silentOpen: silent.size, lost, wrong };
}

async function pause(): Promise<void> {
  isRunning = false;
  await loops;
}

async function finish(): Promise<void> {
  await pause();
  isFinishing = true;
  await Promise.all(
    [...silent].map((socket) => {
      socket.end();
      return new Promise((resolve) => socket.once('close', resolve));
    }),
  );
}

process.on('message', async (order: 'run' | 'pause' | 'finish') => {
  if (order === 'run') {
    isRunning = true;
    const active = Array.from({ length: Number(activeMax) }, loop);
    loops = Promise.all([...active, keepSilent()]);
    return;
  }
  await (order === 'pause' ? pause() : finish());
  process.send?.(tally());
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
