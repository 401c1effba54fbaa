// Reloads of a running proxy: only what changed is touched, a bad file changes nothing, and a hundred of them under
// load lose no connection and no byte.

import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { Backend, Client, echo, freePort, greet, isRefused } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

let weft: WeftRun | null = null;
let echoing: Backend;
let other: Backend;
let port = 0;

before(async () => {
  echoing = await Backend.listen(echo);
  other = await Backend.listen(greet('other'));
});

after(async () => {
  await Promise.all([echoing.close(), other.close()]);
});

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
  weft = null;
});

function configOf(endpoints: readonly string[], extra: Partial<UserConfig> = {}): UserConfig {
  return {
    workers: 2,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: { app: { endpoints: [...endpoints] } },
    ...extra,
  };
}

async function start(config: () => UserConfig, args: readonly string[] = []): Promise<WeftRun> {
  port = await freePort();
  weft = await WeftRun.start(config(), args);
  return weft;
}

/** What the backend behind the next connection says. */
async function greeting(at = port): Promise<string> {
  const client = await Client.connect(at);
  const text = (await client.read(5)).toString();
  client.close();
  return text;
}

test('SIGHUP moves new connections to the new endpoints, open ones stay where they are', async () => {
  const run = await start(() => configOf([echoing.address]));
  const client = await Client.connect(port);
  assert.equal(await client.exchange('before'), 'before');
  assert.equal(await run.reload(configOf([other.address])), 'success');
  assert.equal(await greeting(), 'other');
  assert.equal(await client.exchange('after'), 'after');
  client.close();
  const metrics = await run.metrics();
  const applied = metrics.value('weft_config_revision', { state: 'applied' });
  assert.equal(applied, metrics.value('weft_config_revision', { state: 'desired' }));
});

test('a listener that is added listens, one that is removed closes and its connections go on', async () => {
  const run = await start(() => configOf([echoing.address]));
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  const added = await freePort();
  const listeners = [{ name: 'added', address: `127.0.0.1:${added}`, cluster: 'app' }];
  assert.equal(await run.reload(configOf([echoing.address], { listeners })), 'success');
  await until('the removed listener to refuse', () => isRefused(port));
  assert.equal(await client.exchange('still'), 'still');
  const fresh = await Client.connect(added);
  assert.equal(await fresh.exchange('y'), 'y');
  fresh.close();
  client.close();
});

test('listeners are renamed, swapped and moved in one reload each, and nothing open is lost', async () => {
  const run = await start(() => configOf([echoing.address]));
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  const [second, third] = [await freePort(), await freePort()];
  for (const places of [
    { renamed: port, other: second },
    { renamed: second, other: port },
    { renamed: third, other: port },
  ]) {
    const listeners = Object.entries(places).map(([name, at]) => {
      return { name, address: `127.0.0.1:${at}`, cluster: 'app' };
    });
    assert.equal(await run.reload(configOf([echoing.address], { listeners })), 'success');
    for (const at of Object.values(places)) {
      const fresh = await Client.connect(at);
      assert.equal(await fresh.exchange('y'), 'y');
      fresh.close();
    }
  }
  await assert.rejects(Client.connect(second), { code: 'ECONNREFUSED' });
  assert.equal(await client.exchange('still'), 'still');
  client.close();
  // A listener's counts stay at the address where they were counted.
  const metrics = await run.metrics();
  const opens = (srv_name: string, at: number): number =>
    metrics.value('tcp_open_total', { peer: 'src', srv_name, target_port: `${at}` });
  assert.deepEqual(
    [opens('web', port), opens('renamed', port), opens('renamed', second), opens('renamed', third)],
    [1, 1, 1, 1],
  );
});

test('connections of a removed listener are reset at the drain deadline, with their reason', async () => {
  const drain = { deadline: '200ms' };
  const log = { accessLog: true };
  const run = await start(() => configOf([echoing.address], { drain, log }));
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  const listeners = [{ name: 'added', address: `127.0.0.1:${await freePort()}`, cluster: 'app' }];
  await run.reload(configOf([echoing.address], { drain, log, listeners }));
  assert.equal(await client.end(), 'reset');
  await run.logged('connection closed', (line) => line['closeReason'] === 'listener_removed');
});

for (const [what, content, says] of [
  ['a syntax error', '{ "listeners": [', /weft\.config\.json/],
  ['an unknown key', '{ "listeners": [], "clusters": {}, "listner": [] }', /listner/],
] as const) {
  test(`${what} changes nothing, is counted, and is said once`, async () => {
    const run = await start(() => configOf([echoing.address]));
    assert.equal(await run.reload(content), 'failure');
    assert.equal(await run.reload(content), 'failure');
    const failures = run.lines.filter(({ msg }) => msg.startsWith('reload failed'));
    assert.equal(failures.length, 1);
    assert.match(String(failures[0]?.['error']), says);
    const client = await Client.connect(port);
    assert.equal(await client.exchange('x'), 'x');
    client.close();
    assert.equal(await run.reload(configOf([other.address])), 'success');
    assert.equal(await greeting(), 'other');
  });
}

test('a listener that cannot be opened: nothing of the new configuration is applied', async () => {
  const run = await start(() => configOf([echoing.address]));
  const listeners = [
    { name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' },
    { name: 'taken', address: other.address, cluster: 'app' },
  ];
  assert.equal(await run.reload(configOf([other.address], { listeners })), 'failure');
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x', 'the endpoints are the old ones');
  client.close();
  const metrics = await run.metrics();
  assert.equal(metrics.value('weft_config_revision', { state: 'desired' }), 1);
});

test('--watch reloads when the file is written or replaced', async () => {
  const run = await start(() => configOf([echoing.address]), ['--watch']);
  run.write(configOf([other.address]));
  await run.logged('configuration applied');
  assert.equal(await greeting(), 'other');
  const next = join(run.folder, 'next.json');
  const admin = { address: run.admin };
  writeFileSync(next, JSON.stringify(configOf([echoing.address], { admin })));
  renameSync(next, run.file);
  await until('the replaced file to be applied', () => {
    return run.lines.filter(({ msg }) => msg === 'configuration applied').length === 2;
  });
  const client = await Client.connect(port);
  assert.equal(await client.exchange('x'), 'x');
  client.close();
});

test('a hundred reloads under load lose no connection and no byte', async () => {
  const backends = await Promise.all([0, 1, 2].map(() => Backend.listen(echo)));
  const addresses = backends.map(({ address }) => address);
  const extraPorts = [await freePort(), await freePort()];
  const run = await start(() => configOf(addresses));
  const load = new Load(port);
  load.start();
  for (let round = 0; round < 100; round++) {
    // Endpoints come and go, one listener comes and goes, the one under load stays.
    const endpoints = addresses.filter((_, index) => index !== round % 4);
    const extra = { name: 'extra', address: `127.0.0.1:${extraPorts[round % 2]}`, cluster: 'app' };
    const web = { name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' };
    const listeners = round % 3 === 0 ? [web] : [web, extra];
    assert.equal(await run.reload(configOf(endpoints, { listeners })), 'success', `round ${round}`);
  }
  await load.stop();
  assert.deepEqual(load.failures, []);
  assert.ok(load.exchanges > 1_000, `${load.exchanges} exchanges`);
  assert.ok(load.connections > 100, `${load.connections} connections`);
  const metrics = await run.metrics();
  assert.equal(metrics.value('weft_config_reload_total', { result: 'failure' }), 0);
  await Promise.all(backends.map((backend) => backend.close()));
});

/** Connections that talk for a while and are made again, all checked byte by byte. */
class Load {
  exchanges = 0;
  connections = 0;
  readonly failures: string[] = [];
  readonly #port: number;
  #isStopping = false;
  #loops: readonly Promise<void>[] = [];

  constructor(at: number) {
    this.#port = at;
  }

  start(): void {
    this.#loops = Array.from({ length: 16 }, (_, index) => this.#loop(index));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
  }

  async #loop(index: number): Promise<void> {
    // Half of them live as long as the test: an endpoint that left must not take them along.
    const exchangesMax = index % 2 === 0 ? Number.POSITIVE_INFINITY : 20;
    while (!this.#isStopping) {
      try {
        await this.#talk(exchangesMax);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  async #talk(exchangesMax: number): Promise<void> {
    const client = await Client.connect(this.#port);
    this.connections += 1;
    for (let count = 0; count < exchangesMax && !this.#isStopping; count++) {
      const text = `${this.connections}-${count}-${'x'.repeat(count % 500)}`;
      assert.equal(await client.exchange(text), text);
      this.exchanges += 1;
    }
    client.socket.end();
    assert.equal(await client.end(), 'end');
  }
}
