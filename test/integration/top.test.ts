// `weft top` against a running proxy: for scripts, piped, and on a terminal.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import type { RouteRow } from '../../lib/cli/top/rates.ts';
import { http } from '../support/http.ts';
import { Backend, Client, echo, freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { mainScript, WeftRun } from '../support/weft.ts';

let backend: Backend;
let weft: WeftRun;
let port = 0;
let shop = '';
let dead = '';

before(async () => {
  backend = await Backend.listen(echo);
  port = await freePort();
  shop = `127.0.0.1:${await freePort()}`;
  dead = `127.0.0.1:${await freePort()}`;
  weft = await WeftRun.start({
    workers: 2,
    listeners: [
      { name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' },
      {
        name: 'shop',
        address: shop,
        cluster: 'app',
        httpRoutes: [
          {
            name: 'shop',
            rules: [
              {
                matches: [{ path: { value: '/busy' } }],
                filters: [{ type: 'DirectResponse', directResponse: { statusCode: 503 } }],
              },
              { filters: [{ type: 'DirectResponse', directResponse: { body: 'open' } }] },
            ],
          },
        ],
      },
    ],
    clusters: {
      app: { endpoints: [backend.address, dead], balancer: 'roundRobin' },
      idle: { endpoints: ['127.0.0.1:9'] },
    },
  });
});

after(async () => {
  await weft.stop();
  await backend.close();
});

class Top {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], through: readonly string[] = []) {
    const [program = '', ...rest] = [...through, process.execPath, mainScript, 'top', ...args];
    this.child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }
}

/** Connections for as long as `during` takes. */
async function withTraffic<Value>(during: Promise<Value>): Promise<Value> {
  let done = false;
  const traffic = (async () => {
    while (!done) {
      const client = await Client.connect(port);
      await client.exchange('0123456789');
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    return await during;
  } finally {
    done = true;
    await traffic;
  }
}

test('--once --json gives one object with rates', async () => {
  const held = await Client.connect(port);
  await held.exchange('x');
  const top = new Top(['--admin', weft.admin, '--once', '--json']);
  assert.equal(await withTraffic(top.ended), 0, top.stderr);
  held.close();
  const lines = top.stdout.trim().split('\n');
  assert.equal(lines.length, 1);
  const { at, intervalMs, clusters } = JSON.parse(lines[0] ?? '');
  assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000);
  assert.ok(intervalMs > 900 && intervalMs < 5_000);
  assert.deepEqual(
    clusters.map(({ name }: { name: string }) => name),
    ['app', 'idle'],
  );
  const [app] = clusters;
  const [alive, broken] = app.endpoints;
  assert.equal(alive.address, backend.address);
  assert.ok(alive.connectionsPerSecond > 1, top.stdout);
  assert.ok(alive.readBytesPerSecond > 10);
  assert.ok(alive.connectionsNow >= 1);
  assert.ok(alive.connectUs > 0);
  assert.equal(broken.address, dead);
  assert.equal(broken.available, false);
  assert.ok(broken.connectFailuresTotal >= 1);
  assert.equal(broken.connectUs, null);
  assert.equal(app.availableCount, 1);
});

test('--once prints a table, without colour codes when piped', async () => {
  const top = new Top(['--admin', weft.admin, '--once']);
  assert.equal(await top.ended, 0);
  const lines = top.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 6);
  assert.match(lines[0] ?? '', /^CLUSTER/);
  assert.ok(lines.some((line) => line.startsWith(`  ${backend.address} `)));
  assert.ok(!top.stdout.includes('\u001b'));
});

test('routes of HTTP have a table of their own: requests, success, latencies', async () => {
  const ask = async () => {
    for (const path of ['/', '/', '/', '/busy']) await http(shop, path);
  };
  await ask();
  const [json, table] = [['--json'], []].map(
    (more) => new Top(['--admin', weft.admin, '--once', '--interval', '2', ...more]),
  );
  const traffic = setInterval(ask, 100);
  assert.deepEqual(await Promise.all([json?.ended, table?.ended]), [0, 0]);
  clearInterval(traffic);
  const { routes } = JSON.parse(json?.stdout ?? '');
  const named = new Map(routes.map((row: { route: string }) => [row.route, row]));
  assert.deepEqual([...named.keys()].sort(), ['shop/0', 'shop/1']);
  const [busy, open] = [named.get('shop/0'), named.get('shop/1')] as RouteRow[];
  assert.deepEqual([busy?.successRate, open?.successRate], [0, 1]);
  for (const row of [busy, open]) {
    assert.deepEqual([row?.cluster, row?.direction], [null, 'outbound']);
    const { requestsPerSecond, p50Ms, p95Ms, p99Ms } = row ?? {};
    assert.ok((requestsPerSecond ?? 0) > 1, json?.stdout);
    assert.ok(p99Ms && p95Ms && p50Ms && p99Ms >= p95Ms && p95Ms >= p50Ms, json?.stdout);
  }
  const lines = table?.stdout.trimEnd().split('\n') ?? [];
  assert.match(
    lines.at(-3) ?? '',
    /^ROUTE > CLUSTER +REQ\/S +SUCCESS +P50 +P95 +P99 +READ\/S +WRITE\/S +RETRY\/S$/,
  );
  assert.ok(lines.some((line) => /^shop\/0 > \(weft\) +\d+(\.\d)? +0\.00 % .* 0$/.test(line)));
  assert.ok(lines.some((line) => /^shop\/1 > \(weft\) +\d+(\.\d)? +100 % .* 0$/.test(line)));
});

test('piped it goes on until a signal or until its reader is gone', async () => {
  const top = new Top(['--admin', weft.admin, '--json']);
  await until('two looks', () => top.stdout.split('\n').length > 2);
  top.child.kill('SIGTERM');
  assert.equal(await top.ended, 0);
  const unread = new Top(['--admin', weft.admin]);
  await until('a look', () => unread.stdout !== '');
  unread.child.stdout?.destroy();
  assert.equal(await unread.ended, 0);
});

test('on a terminal it draws on a screen of its own, and q gives the screen back', async () => {
  const args = [process.execPath, mainScript, 'top', '--admin', weft.admin];
  const command = `stty cols 100 rows 5; ${args.join(' ')}; echo "code $?"`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TERM: 'xterm', NO_COLOR: undefined },
  });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const ended = once(child, 'close');
  await until(
    'the first look',
    () => screen.includes('\u001b[?1049h') && screen.includes('CLUSTER'),
  );
  await until('a second one', () => screen.split('CLUSTER').length > 2);
  assert.ok(screen.includes('more'), 'five rows do not hold all of it');
  child.stdin.write('q');
  await until('the screen to be given back', () => screen.includes('\u001b[?1049l'));
  await until('its end', () => /code 0/.test(screen));
  child.stdin.end();
  await ended;
});

test('without a proxy it says so in one sentence', async () => {
  const top = new Top(['--admin', `127.0.0.1:${await freePort()}`, '--once']);
  assert.equal(await top.ended, 1);
  assert.match(
    top.stderr,
    /^weft: no answer from the admin server at .*: nobody listens there\. [^\n]+\n$/,
  );
  const wrong = new Top(['--admin', 'nonsense']);
  assert.equal(await wrong.ended, 2);
});

test('what is no Weft is told, too', async () => {
  const server = createServer((_request, response) => response.end('<html>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: at } = server.address() as { port: number };
  const top = new Top(['--admin', `127.0.0.1:${at}`, '--once']);
  assert.equal(await top.ended, 1);
  assert.match(top.stderr, /what answers there is no Weft/);
  server.close();
});
