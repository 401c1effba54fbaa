// The clients of the HTTP soak, in a program of their own. Started with the port of the proxy, a seed, how many
// connections are open at a time, and a file: there `answered <id> <endpoint> <life>` says which answers came whole. On
// 'run' it works until 'pause', which it answers with a Tally when nothing is under way any more.

import { appendFileSync } from 'node:fs';
import { mulberry32 } from '../chaos/random.ts';
import { Asker, type Outcome, type Pace, pause } from './asker.ts';
import { drawPlan, type Plan, type Route } from './plan.ts';
import { Tallying } from './tally.ts';

const [port = '0', seedText = '1', lanesText = '24', file = ''] = process.argv.slice(2);
const random = mulberry32(Number(seedText));
/** Longer than any timeout of the routes together, and than a machine makes a connection wait. */
const stuckMs = 45_000;
const answeredLinesMax = 500;

const tallying = new Tallying();
let lastId = 0;
let isRunning = false;
let lanes: Promise<unknown> = Promise.resolve();
let answered: string[] = [];

function below(count: number): number {
  return Math.floor(random() * count);
}

function plan(route: Route, bytesMax?: number): Plan {
  lastId += 1;
  return drawPlan(random, lastId, route, bytesMax);
}

function route(): Route {
  return random() < 0.5 ? 'plain' : 'retried';
}

function count(outcome: Outcome): Outcome {
  tallying.count(outcome);
  const { what, plan: asked, origin } = outcome;
  if (what === 'whole' && origin !== null) {
    answered.push(`answered ${asked.id} ${origin.endpoint} ${origin.life}\n`);
  }
  if (answered.length >= answeredLinesMax) {
    writeAnswered();
  }
  return outcome;
}

function writeAnswered(): void {
  appendFileSync(file, answered.join(''));
  answered = [];
}

async function asker(pace?: Pace): Promise<Asker | null> {
  const opened = await Asker.open(Number(port), pace);
  tallying.connections += 1;
  return opened;
}

// ---- what a connection does ----

/** One request behind the other. The last one may say that it is. */
async function keepAlive(connection: Asker): Promise<void> {
  const saysLast = random() < 0.5;
  for (let left = 1 + below(16); left > 0 && !connection.isOver; left -= 1) {
    count(
      await connection.ask(plan(route()), left === 1 && saysLast ? 'connection: close\r\n' : ''),
    );
  }
}

async function closing(connection: Asker): Promise<void> {
  count(await connection.ask(plan(route()), 'connection: close\r\n'));
}

/** All at once; behind an answer that ends with its connection there would be no other. */
async function pipelining(connection: Asker): Promise<void> {
  const asked = Array.from({ length: 2 + below(7) }, () => {
    const drawn = plan(route(), 40_000);
    const isLast = drawn.downCoding === 'close';
    return connection.ask(isLast ? { ...drawn, downCoding: 'length' } : drawn);
  });
  for (const outcome of asked) {
    count(await outcome);
  }
}

/** Writes and reads a few bytes at a time. */
async function slow(connection: Asker): Promise<void> {
  for (let left = 1 + below(3); left > 0 && !connection.isOver; left -= 1) {
    count(await connection.ask(plan('plain', 1_000)));
  }
}

/** Takes a big answer in its own time. */
async function reluctant(connection: Asker): Promise<void> {
  count(
    await connection.ask({ ...plan('plain'), method: 'GET', upBytes: 0, downBytes: 1_500_000 }),
  );
}

/** Resets at some byte of the request, or of its answer. */
async function abrupt(connection: Asker): Promise<void> {
  const drawn = plan('abrupt');
  const asking = connection.ask(drawn);
  const at = random() < 0.5 ? below(drawn.downBytes + 1) : Number.POSITIVE_INFINITY;
  const until = Date.now() + (at < Number.POSITIVE_INFINITY ? 3_000 : 1 + below(30));
  while (connection.isWaiting && connection.received < at && Date.now() < until) {
    await pause(1);
  }
  connection.reset();
  count(await asking);
}

/** A handshake, and then an echo of all that is sent. */
async function webSocket(connection: Asker): Promise<void> {
  lastId += 1;
  const drawn = drawPlan(random, lastId, 'tunnel');
  const upBytes = 1 + drawn.downBytes;
  const fields =
    'upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n' +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const asking = connection.ask({ ...drawn, method: 'GET', upBytes, downBytes: 0 }, fields);
  while (connection.isWaiting && connection.received < upBytes) {
    await pause(2);
  }
  connection.close();
  count(await asking);
}

const slowPace: Pace = { pieceBytes: 7, pauseMs: 2 };
const reluctantPace: Pace = { pieceBytes: 64 * 1024, pauseMs: 12 };

/** How many of a hundred connections are of a kind. */
const kinds: readonly (readonly [number, (connection: Asker) => Promise<void>, Pace?])[] = [
  [45, keepAlive],
  [15, closing],
  [14, pipelining],
  [8, webSocket],
  [4, slow, slowPace],
  [4, reluctant, reluctantPace],
  [10, abrupt],
];

async function once(): Promise<void> {
  let drawn = below(100);
  for (const [share, work, pace] of kinds) {
    drawn -= share;
    if (drawn < 0) {
      tallying.countKind(work.name);
      const connection = await asker(pace);
      if (connection !== null) {
        await withoutHanging(work(connection), connection, work.name);
      }
      return;
    }
  }
}

async function withoutHanging(work: Promise<void>, connection: Asker, what: string): Promise<void> {
  const alarm = setTimeout(() => {
    process.stderr.write(`${new Date().toISOString()} ${what} hangs\n`);
    process.send?.({ hangs: what });
    connection.reset();
  }, stuckMs);
  await work;
  clearTimeout(alarm);
  connection.close();
}

async function lane(): Promise<void> {
  while (isRunning) {
    await once();
  }
}

process.on('message', async (word: string) => {
  if (word === 'run') {
    isRunning = true;
    lanes = Promise.all(Array.from({ length: Number(lanesText) }, lane));
  } else {
    isRunning = false;
    await lanes;
    writeAnswered();
    process.send?.(tallying.tally);
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
