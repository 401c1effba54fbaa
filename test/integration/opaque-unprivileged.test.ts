// A process without privileges shares the pipe pages of its user with everybody who has the same uid. While there are
// enough it splices; when others have used them up, pipes shrink to 8 KiB and it copies. Either way every byte is right.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, afterEach, test } from 'node:test';
import { killWithUs } from '../support/kill-with-us.ts';
import { ByteStream, open, Received, sendBytes } from '../support/stream.ts';
import { Backend, echo, freePort } from '../support/tcp.ts';
import { unprivileged, WeftRun } from '../support/weft.ts';

/** Makes pipes of 1 MiB until one is refused, and holds them. */
const hoarder = `
import fcntl, os, sys
F_SETPIPE_SZ = 1031
held = []
while True:
    pipe = os.pipe()
    held.append(pipe)
    try:
        fcntl.fcntl(pipe[0], F_SETPIPE_SZ, 1 << 20)
    except PermissionError:
        break
print(len(held), flush=True)
sys.stdin.read()
`;

const backend = await Backend.listen(echo);
const size = 24 * 1024 * 1024;
let weft: WeftRun;
let hoarding: ChildProcess | null = null;

after(() => backend.close());

afterEach(async () => {
  hoarding?.kill('SIGKILL');
  hoarding = null;
  weft?.signal('SIGKILL');
  await weft?.ended;
});

async function start(): Promise<number> {
  const port = await freePort();
  weft = await WeftRun.start(
    {
      workers: 2,
      listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
      clusters: { app: { endpoints: [backend.address] } },
    },
    [],
    { through: unprivileged },
  );
  const status = readFileSync(`/proc/${weft.pid}/status`, 'utf8');
  assert.match(status, /^CapEff:\s+0+$/m, 'it has privileges');
  return port;
}

/** Bulk there and back on several connections at once. */
async function carriesBulk(port: number): Promise<void> {
  await Promise.all(
    Array.from({ length: 4 }, async (_, seed) => {
      const socket = await open({ port, host: '127.0.0.1' });
      const received = new Received(socket, seed);
      await sendBytes(socket, new ByteStream(seed), size);
      socket.end();
      assert.deepEqual(await received.outcome(), ['end', size, null]);
    }),
  );
}

async function value(name: string): Promise<number> {
  return (await weft.metrics()).value(name);
}

test('without privileges bulk is spliced', async () => {
  const port = await start();
  await carriesBulk(port);
  assert.ok((await value('weft_splice_promotions_total')) > 0);
  assert.equal(await value('weft_splice_pipes_denied_total'), 0);
});

test('with the pipe pages of its user used up, bulk is copied and the refusals are counted', async (t) => {
  const [program = '', ...rest] = [...unprivileged, 'python3', '-c', hoarder];
  hoarding = killWithUs(spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const [line] = (await once(hoarding.stdout ?? hoarding, 'data')) as [Buffer];
  t.diagnostic(`${line.toString().trim()} pipes use up what the user may have`);
  const port = await start();
  await carriesBulk(port);
  assert.ok((await value('weft_splice_pipes_denied_total')) > 0);
  assert.equal(await value('weft_splice_pipes'), 0);

  // Enough again: new pipes are asked for after a moment, and bulk is spliced again.
  hoarding.kill('SIGKILL');
  await once(hoarding, 'exit');
  const giveUpAt = performance.now() + 10_000;
  while ((await value('weft_splice_pipes')) === 0) {
    assert.ok(performance.now() < giveUpAt, 'it does not splice again');
    await carriesBulk(port);
  }
});
