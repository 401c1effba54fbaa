// A listener that comes and goes while clients connect to it: who gets in is served, whoever comes too late is refused
// by the kernel, and nobody is let in and dropped.

import assert from 'node:assert/strict';
import type { NetConnectOpts, Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { ByteStream, open, Received } from '../support/stream.ts';
import { Backend, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { tempFolder, WeftRun } from '../support/weft.ts';

const rounds = 6;
const clientCount = 16;

const socketPath = join(tempFolder(), 'coming.sock');

let backend: Backend;
let weft: WeftRun;
let port = 0;
let steady = 0;

before(async () => {
  backend = await Backend.listen(echo);
  port = await freePort();
  steady = await freePort();
  weft = await WeftRun.start(configOf([]));
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  await backend.close();
});

function configOf(coming: readonly string[]): UserConfig {
  const addresses = [`127.0.0.1:${steady}`, ...coming];
  return {
    workers: 2,
    listeners: addresses.map((address) => ({ address, cluster: 'app' })),
    clusters: { app: { endpoints: [backend.address] } },
  };
}

interface Counts {
  served: number;
  refused: number;
  readonly dropped: string[];
}

async function visit(to: NetConnectOpts, counts: Counts): Promise<void> {
  let socket: Socket;
  try {
    socket = await open(to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') {
      counts.refused += 1;
    } else {
      counts.dropped.push(String(error));
    }
    return;
  }
  const received = new Received(socket, 1);
  socket.end(new ByteStream(1).next(100));
  const [end, bytes] = await received.outcome();
  if (end === 'end' && bytes === 100) {
    counts.served += 1;
  } else {
    counts.dropped.push(`${end} after ${bytes} bytes`);
  }
  socket.destroy();
}

/** Clients that come until they are told to stop. */
class Visitors {
  readonly counts: Counts = { served: 0, refused: 0, dropped: [] };
  #isStopping = false;
  readonly #loops: readonly Promise<void>[];

  constructor(to: NetConnectOpts) {
    this.#loops = Array.from({ length: clientCount }, () => this.#loop(to));
  }

  async stop(t: TestContext): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
    const { served, refused, dropped } = this.counts;
    t.diagnostic(`${served} served, ${refused} refused, ${dropped.length} dropped`);
    assert.ok(served > 20 && refused > 20, `${served} served, ${refused} refused`);
    assert.deepEqual(dropped.slice(0, 5), []);
  }

  async #loop(to: NetConnectOpts): Promise<void> {
    while (!this.#isStopping) {
      await visit(to, this.counts);
      // Gives the reloads their turn.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

for (const kind of ['TCP', 'unix'] as const) {
  test(`clients of a ${kind} listener that comes and goes are served or refused, never dropped`, async (t) => {
    const address = kind === 'TCP' ? `127.0.0.1:${port}` : `unix:${socketPath}`;
    const visitors = new Visitors(
      kind === 'TCP' ? { port, host: '127.0.0.1' } : { path: socketPath },
    );
    for (let round = 0; round < rounds; round++) {
      const { served } = visitors.counts;
      assert.equal(await weft.reload(configOf([address])), 'success');
      // Who knocks while a TCP listener closes knocks again after a second.
      await until('some to be served', () => visitors.counts.served > served + 3);
      assert.equal(await weft.reload(configOf([])), 'success');
    }
    await visitors.stop(t);
  });
}

test('clients that come while SIGTERM drains are served or refused, never dropped', async (t) => {
  const visitors = new Visitors({ port: steady, host: '127.0.0.1' });
  await until('some to be served', () => visitors.counts.served > 100);
  const ended = weft.stop();
  await until('some to be refused', () => visitors.counts.refused > 100);
  assert.deepEqual(await ended, { code: 0, signal: null });
  await visitors.stop(t);
});
