// Host names as endpoints, through a running proxy: with a scripted name server, and with dnsmasq.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { addresses, ScriptedDns } from '../support/dns-server.ts';
import { Backend, Client, freePort, greet } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { tempFolder, Weft, WeftRun } from '../support/weft.ts';

interface Clusters {
  readonly clusters: readonly {
    readonly endpoints: readonly { readonly address: string; readonly weight: number }[];
    readonly names: readonly {
      readonly name: string;
      readonly state: string;
      readonly addresses: readonly string[];
      readonly error: string | null;
    }[];
  }[];
}

function configFor(port: number, endpoint: string, dns: UserConfig['dns']): UserConfig {
  return {
    workers: 1,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
    clusters: {
      app: { endpoints: [{ address: endpoint, weight: 2 }], balancer: 'roundRobin' },
    },
    dns: { ttlMin: '1s', negativeTtl: '1s', timeout: '500ms', ...dns },
  };
}

async function shown(weft: WeftRun): Promise<Clusters['clusters'][number]> {
  const { clusters } = await weft.json<Clusters>('/clusters');
  return clusters[0] ?? { endpoints: [], names: [] };
}

/** What the backends of this many connections said. */
async function greetings(port: number, count: number): Promise<readonly string[]> {
  const all = new Set<string>();
  for (let i = 0; i < count; i++) {
    const client = await Client.connect(port);
    all.add((await client.read(3)).toString());
    client.close();
  }
  return [...all].sort();
}

/** The desired state is shown a moment before the workers have it. */
async function untilGreeted(port: number, words: readonly string[]): Promise<void> {
  await until(`greetings of ${words.join(' and ') || 'nobody'}`, async () => {
    const seen = await greetings(port, 4).catch((): string[] => []);
    return seen.join() === words.join();
  });
}

/** Two backends with one port, as the addresses of a name have. */
async function twins(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const one = await Backend.listen(greet('one'), 0, '127.0.0.2');
  const two = await Backend.listen(greet('two'), one.port, '127.0.0.3');
  return {
    port: one.port,
    close: async () => void (await Promise.all([one.close(), two.close()])),
  };
}

test('every address of a name is an endpoint; changes are followed; a lost server changes nothing', async () => {
  const backends = await twins();
  const port = await freePort();
  let listed = ['127.0.0.2', '127.0.0.3'];
  const server = await ScriptedDns.listen((question) => addresses(question, listed, 0));
  const weft = await WeftRun.start(
    configFor(port, `web.test:${backends.port}`, { servers: [server.address] }),
  );
  assert.deepEqual(await greetings(port, 4), ['one', 'two']);
  const { endpoints, names } = await shown(weft);
  assert.deepEqual(
    endpoints.map(({ address, weight }) => `${address} ${weight}`),
    [`127.0.0.2:${backends.port} 2`, `127.0.0.3:${backends.port} 2`],
  );
  assert.equal(names[0]?.state, 'found');

  const held = await Client.connect(port);
  await held.read(3);
  listed = ['127.0.0.3'];
  await untilGreeted(port, ['two']);
  assert.equal((await shown(weft)).endpoints.length, 1);

  await server.close();
  await weft.logged('dns lookup failed, the last addresses stay');
  await until('several lookups to have failed', async () => {
    const metrics = await weft.metrics();
    return metrics.value('weft_dns_lookups_total', { result: 'failed' }) >= 2;
  });
  assert.deepEqual(await greetings(port, 4), ['two']);
  assert.equal((await shown(weft)).names[0]?.state, 'stale');
  assert.equal((await weft.metrics()).value('weft_dns_names', { state: 'stale' }), 1);
  assert.equal(held.socket.destroyed, false, 'connections to what left go on until the deadline');

  const back = await ScriptedDns.listen(
    (question) => addresses(question, ['127.0.0.2'], 0),
    server.port,
  );
  await weft.logged('dns name resolves again', () => true, 15_000);
  await untilGreeted(port, ['one']);
  const failures = weft.lines.filter(({ msg }) => msg.startsWith('dns lookup failed'));
  assert.equal(failures.length, 1, 'a failure is logged once');
  held.close();
  await weft.stop();
  await Promise.all([back.close(), backends.close()]);
});

test('a start with a name that nobody answers for is a start; the endpoint comes later', async () => {
  const backends = await twins();
  const port = await freePort();
  const server = await ScriptedDns.listen(() => 'silent');
  const weft = await WeftRun.start(
    configFor(port, `web.test:${backends.port}`, { servers: [server.address] }),
  );
  await weft.logged('dns lookup failed, there is no address yet');
  assert.equal((await shown(weft)).names[0]?.state, 'unresolved');
  server.script = (question) => addresses(question, ['127.0.0.2']);
  await untilGreeted(port, ['one']);
  await weft.stop();
  await Promise.all([server.close(), backends.close()]);
});

test('a reload to another name fails no connection', async () => {
  const backends = await twins();
  const port = await freePort();
  const server = await ScriptedDns.listen(({ name, type }) => {
    const data = name === 'a.test' ? '127.0.0.2' : '127.0.0.3';
    return { records: type === 'A' ? [{ type, data }] : [], delayMs: 100 };
  });
  const dns = { servers: [server.address] };
  const weft = await WeftRun.start(configFor(port, `a.test:${backends.port}`, dns));
  let done = false;
  const seen = new Set<string>();
  const traffic = (async () => {
    while (!done) {
      for (const word of await greetings(port, 1)) {
        seen.add(word);
      }
    }
  })();
  for (const name of ['b', 'a', 'c']) {
    const result = await weft.reload(configFor(port, `${name}.test:${backends.port}`, dns));
    assert.equal(result, 'success');
  }
  done = true;
  await traffic;
  assert.deepEqual([...seen].sort(), ['one', 'two']);
  const metrics = await weft.metrics();
  assert.equal(metrics.value('weft_connection_close_total', { reason: 'no_endpoint' }), 0);
  await weft.stop();
  await Promise.all([server.close(), backends.close()]);
});

test('a name that leads back to the listener is left out', async () => {
  const port = await freePort();
  const server = await ScriptedDns.listen((question) => addresses(question, ['127.0.0.1']));
  const weft = await WeftRun.start(
    configFor(port, `self.test:${port}`, { servers: [server.address] }),
  );
  const line = await weft.logged('dns address left out, it leads back to a listener');
  assert.equal(line['address'], `127.0.0.1:${port}`);
  assert.deepEqual((await shown(weft)).endpoints, []);
  await weft.stop();
  await server.close();
});

test('a listener that is new after a reload is no endpoint of its own cluster', async () => {
  const backend = await Backend.listen(greet('one'));
  const [port, taken] = [await freePort(), await freePort()];
  const server = await ScriptedDns.listen((question) => addresses(question, ['127.0.0.1']));
  const config = configFor(port, `self.test:${backend.port}`, { servers: [server.address] });
  const both = {
    ...config,
    clusters: { app: { endpoints: [`self.test:${taken}`, `self.test:${backend.port}`] } },
  };
  const weft = await WeftRun.start(both);
  assert.equal((await shown(weft)).endpoints.length, 2);
  const listener = { name: 'new', address: `127.0.0.1:${taken}`, cluster: 'app' };
  const listeners = [...config.listeners, listener];
  assert.equal(await weft.reload({ ...both, listeners }), 'success');
  const { endpoints } = await shown(weft);
  assert.deepEqual(
    endpoints.map(({ address }) => address),
    [backend.address],
  );
  assert.equal(await weft.reload(both), 'success');
  assert.equal((await shown(weft)).endpoints.length, 2);
  await weft.stop();
  await Promise.all([server.close(), backend.close()]);
});

test('a lying server with thousands of records costs a bounded number of endpoints', async () => {
  const port = await freePort();
  const all = Array.from({ length: 3_000 }, (_, i) => `10.2.${i >> 8}.${i & 255}`);
  const server = await ScriptedDns.listen((question) => addresses(question, all, 0));
  const weft = await WeftRun.start(
    configFor(port, 'many.test:80', { servers: [server.address], recordsMax: 50 }),
  );
  assert.equal((await shown(weft)).endpoints.length, 50);
  await weft.logged('dns answer cut');
  await weft.stop();
  await server.close();
});

test('weft forward takes a host name', async () => {
  const backend = await Backend.listen(greet('one'));
  const port = await freePort();
  const args = ['forward', `127.0.0.1:${port}`, `app.localhost:${backend.port}`];
  const weft = new Weft(args);
  await weft.logged('listening');
  assert.deepEqual(await greetings(port, 1), ['one']);
  await weft.stop();
  await backend.close();
});

// ---- a real name server ----

interface Dnsmasq {
  readonly port: number;
  /** Lines as in /etc/hosts, in place of the others. */
  list(lines: readonly string[]): void;
  kill(): Promise<void>;
}

async function startDnsmasq(lines: readonly string[], at?: number): Promise<Dnsmasq> {
  const port = at ?? (await freePort());
  const hosts = join(tempFolder(), 'hosts');
  writeFileSync(hosts, lines.join('\n'));
  const args = [
    '--keep-in-foreground',
    `--port=${port}`,
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--user=root',
    '--no-resolv',
    '--no-hosts',
    '--local=/test/',
    '--local-ttl=1',
    `--addn-hosts=${hosts}`,
  ];
  const child: ChildProcess = spawn('dnsmasq', args, {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  const died = once(child, 'exit');
  return {
    port,
    list: (next) => {
      writeFileSync(hosts, next.join('\n'));
      child.kill('SIGHUP');
    },
    kill: async () => {
      child.kill('SIGKILL');
      await died;
    },
  };
}

test('dnsmasq: records come, change, go, and stay while it is dead', async () => {
  const backends = await twins();
  const port = await freePort();
  let server = await startDnsmasq(['127.0.0.2 web.test']);
  const weft = await WeftRun.start(
    configFor(port, `web.test:${backends.port}`, { servers: [`127.0.0.1:${server.port}`] }),
  );
  assert.deepEqual(await greetings(port, 2), ['one']);
  server.list(['127.0.0.2 web.test', '127.0.0.3 web.test']);
  await untilGreeted(port, ['one', 'two']);
  await server.kill();
  await weft.logged('dns lookup failed, the last addresses stay');
  assert.deepEqual(await greetings(port, 4), ['one', 'two']);
  server = await startDnsmasq([], server.port);
  await weft.logged('dns name has no address', () => true, 15_000);
  await untilGreeted(port, []);
  server.list(['127.0.0.3 web.test']);
  await untilGreeted(port, ['two']);
  await weft.stop();
  await Promise.all([server.kill(), backends.close()]);
});
