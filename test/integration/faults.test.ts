// What must never end the process: endpoints that cannot be reached, and no descriptor left. A line once, a counter, and
// it recovers by itself.

import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

const backend = await Backend.listen(echo);
const clients: Client[] = [];
let weft: WeftRun;

after(() => backend.close());

afterEach(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  for (const client of clients.splice(0)) {
    client.close();
  }
});

function countOf(message: string): number {
  return weft.lines.filter(({ msg }) => msg === message).length;
}

test('an endpoint that goes and comes back: one line each, and clients of the other notice nothing', async () => {
  const port = await freePort();
  let dying = await Backend.listen(echo);
  const { address, port: dyingPort } = dying;
  weft = await WeftRun.start({
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: {
      app: {
        endpoints: [address, backend.address],
        balancer: 'roundRobin',
        ejection: { baseTime: '20ms', maxTime: '50ms' },
      },
    },
  });
  const knock = async (): Promise<void> => {
    const client = await Client.connect(port);
    assert.equal(await client.exchange('x'), 'x');
    client.close();
  };
  await dying.close();
  for (let count = 0; count < 40; count++) {
    await knock();
  }
  const line = await weft.logged('endpoint unavailable');
  assert.equal(line['endpoint'], address);
  assert.equal(line['errno'], 'ECONNREFUSED');
  assert.equal(countOf('endpoint unavailable'), 1);
  const metrics = await weft.metrics();
  assert.ok(metrics.value('weft_connect_failures_total', { target_addr: address }) >= 1);
  assert.equal(metrics.value('weft_endpoint_available', { target_addr: address }), 0);
  assert.equal(metrics.value('weft_endpoint_available', { target_addr: backend.address }), 1);

  dying = await Backend.listen(echo, dyingPort);
  await until('the endpoint to be used again', async () => {
    await knock();
    return countOf('endpoint available again') === 1;
  });
  assert.equal((await weft.stop()).code, 0);
  await dying.close();
});

test('no descriptor left: accepting pauses and resumes, open connections go on, nothing spins', async () => {
  const port = await freePort();
  weft = await WeftRun.start(
    {
      workers: 2,
      listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
      clusters: { app: { endpoints: [backend.address] } },
    },
    [],
    { descriptorsMax: 80 },
  );
  const first = await Client.connect(port);
  clients.push(first);
  assert.equal(await first.exchange('x'), 'x');
  for (let count = 0; count < 60; count++) {
    clients.push(await Client.connect(port));
  }
  const line = await weft.logged('accept paused');
  assert.equal(line['errno'], 'EMFILE');
  assert.equal(line['listener'], 'web');

  const cpuBefore = weft.cpuSeconds();
  const began = performance.now();
  while (performance.now() - began < 1_000) {
    assert.equal(await first.exchange('still'), 'still');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const share = (weft.cpuSeconds() - cpuBefore) / ((performance.now() - began) / 1_000);
  const shareMax = process.env['WEFT_SANITIZE'] === undefined ? 0.05 : 0.5;
  assert.ok(share < shareMax, `${(share * 100).toFixed(1)} % CPU while it cannot accept`);

  for (const client of clients.splice(1)) {
    client.close();
  }
  await weft.logged('accept resumed');
  const fresh = await Client.connect(port);
  clients.push(fresh);
  assert.equal(await fresh.exchange('y'), 'y');
  // What still waited in the queue took the descriptors first: it may have paused once more.
  const metrics = await until('accepting to go on', async () => {
    const now = await weft.metrics();
    return now.value('weft_accept_paused') === 0 ? now : undefined;
  });
  assert.ok(metrics.value('weft_accept_pauses_total') >= 1);
});
