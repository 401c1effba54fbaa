// Routes of HTTP through a real proxy with servers and clients of Node: splits, filters, retries and timeouts, each
// counted to the unit, and a change of routes under load that nobody notices.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, test } from 'node:test';
import type { ClusterConfig, HttpRuleConfig, UserConfig } from '../../lib/config/user-config.ts';
import type { RequestTotals } from '../../lib/metrics/request-totals.ts';
import { type HttpAnswer, http } from '../support/http.ts';
import { freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { WeftRun } from '../support/weft.ts';

type Serve = (asked: IncomingMessage, answer: ServerResponse) => void;

const servers: Server[] = [];
let weft: WeftRun;
let port = 0;

after(() => {
  for (const server of servers) {
    server.close().closeAllConnections();
  }
});

afterEach(async () => {
  weft?.signal('SIGKILL');
  await weft?.ended;
});

async function serve(handle: Serve): Promise<string> {
  const server = createServer((asked, answer) => {
    asked.resume().once('end', () => handle(asked, answer));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saying =
  (name: string): Serve =>
  (asked, answer) =>
    answer.setHeader('x-name', name).end(`${asked.method} ${asked.url} ${asked.headers.host}`);

function configOf(
  rules: readonly HttpRuleConfig[],
  clusters: Readonly<Record<string, ClusterConfig>>,
): UserConfig {
  return {
    workers: 2,
    listeners: [
      {
        name: 'web',
        address: `127.0.0.1:${port}`,
        cluster: Object.keys(clusters)[0] ?? '',
        httpRoutes: [{ name: 'shop', rules }],
      },
    ],
    clusters,
  };
}

async function start(
  rules: readonly HttpRuleConfig[],
  clusters: Readonly<Record<string, ClusterConfig>>,
): Promise<void> {
  port = await freePort();
  weft = await WeftRun.start(configOf(rules, clusters));
}

function ask(path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  return http(`127.0.0.1:${port}`, path, { headers });
}

/** How many of so many answers came from whom. */
async function names(count: number, headers: Record<string, string> = {}) {
  const found: Record<string, number> = {};
  for (let asked = 0; asked < count; asked += 1) {
    const name = String((await ask('/', headers)).headers['x-name']);
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

async function versions(): Promise<Readonly<Record<string, ClusterConfig>>> {
  const [one, two] = [await serve(saying('one')), await serve(saying('two'))];
  return { one: { endpoints: [one] }, two: { endpoints: [two] } };
}

test('copies of requests go to others by their share, and nobody notices', async () => {
  const copies: string[] = [];
  const clusters = {
    one: { endpoints: [await serve(saying('one'))] },
    shadow: {
      endpoints: [
        await serve((asked, answer) => {
          copies.push(`${asked.method} ${asked.url}`);
          // One in four is never answered, one in four dies.
          const fate = copies.length % 4;
          if (fate === 1) {
            answer.destroy();
          } else if (fate !== 2) {
            answer.writeHead(fate === 3 ? 500 : 200).end('nobody gets this');
          }
        }),
      ],
    },
  };
  await start(
    [
      {
        filters: [
          {
            type: 'RequestMirror',
            requestMirror: {
              backendRef: { cluster: 'shadow' },
              fraction: { numerator: 500, denominator: 1_000 },
              timeout: '1s',
            },
          },
        ],
        backendRefs: [{ cluster: 'one' }],
      },
    ],
    clusters,
  );
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, asked) =>
      http(`127.0.0.1:${port}`, `/${asked}`, { method: 'POST', body: 'x'.repeat(asked) }),
    ),
  );
  assert.ok(answers.every(({ status, headers }) => status === 200 && headers['x-name'] === 'one'));
  await until('each copy to be counted', async () => {
    const metrics = await weft.metrics();
    const counted = ['success', 'failure', 'skipped'].map((result) =>
      metrics.value('weft_mirrored_requests_total', { result, dst_cluster: 'shadow' }),
    );
    const [success = 0, failure = 0, skipped = 0] = counted;
    return success + failure === copies.length && skipped === 0 && success > 0 && failure > 0;
  });
  assert.ok(copies.length > 140 && copies.length < 260, `${copies.length} copies of 400`);
  assert.equal(new Set(copies).size, copies.length, 'no request twice');
  const metrics = await weft.metrics();
  assert.equal(metrics.value('request_total', { dst_cluster: 'one' }), 400);
  assert.equal(metrics.value('request_total', { dst_cluster: 'shadow' }), 0);
});

test('a canary by weight is exact for each worker, and by header it is all of it', async () => {
  const clusters = await versions();
  await start(
    [
      {
        name: 'beta',
        matches: [{ headers: [{ name: 'x-user', value: 'beta' }] }],
        backendRefs: [{ cluster: 'two' }],
      },
      {
        name: 'all',
        backendRefs: [
          { cluster: 'one', weight: 90 },
          { cluster: 'two', weight: 10 },
        ],
      },
    ],
    clusters,
  );
  const { one = 0, two = 0 } = await names(400);
  assert.equal(one + two, 400);
  // A connection of each request goes to either worker, whose last round of a hundred is not over.
  assert.ok(Math.abs(two - 40) <= 2, `${two} of 400 went to the canary`);
  assert.deepEqual(await names(20, { 'x-user': 'beta' }), { two: 20 });
  const metrics = await weft.metrics();
  const beta = { route_kind: 'HTTPRoute', route_name: 'shop/beta' };
  assert.equal(metrics.value('request_total', beta), 20);
  assert.equal(metrics.value('response_total', { ...beta, dst_cluster: 'two' }), 20);
  assert.equal(metrics.value('request_total', { route_name: 'shop/all' }), 400);
});

test('filters change what goes on, and answer in place of backends', async () => {
  const clusters = await versions();
  const header = (name: string, value: string) => [{ name, value }];
  await start(
    [
      {
        matches: [{ path: { value: '/api' } }],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: {
              hostname: 'inside',
              path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' },
            },
          },
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { set: header('X-Name', 'changed'), add: header('x-a', 'b') },
          },
        ],
        backendRefs: [{ cluster: 'one' }],
      },
      {
        matches: [{ path: { value: '/old' } }],
        filters: [
          {
            type: 'RequestRedirect',
            requestRedirect: {
              hostname: 'new.example.com',
              path: { type: 'ReplaceFullPath', replaceFullPath: '/new' },
              statusCode: 308,
            },
          },
        ],
      },
      {
        matches: [{ path: { type: 'Exact', value: '/health' } }],
        filters: [
          {
            type: 'DirectResponse',
            directResponse: { body: '{}', contentType: 'application/json' },
          },
        ],
      },
      {
        matches: [{ path: { value: '/limited' } }],
        filters: [
          { type: 'RateLimit', rateLimit: { requests: 4, per: '1h' } },
          { type: 'DirectResponse', directResponse: { statusCode: 204 } },
        ],
      },
    ],
    clusters,
  );
  const api = await ask('/api/cart?a=b');
  assert.deepEqual(
    [api.text, api.headers['x-name'], api.headers['x-a']],
    ['GET /v2/cart?a=b inside', 'changed', 'b'],
  );
  const old = await ask('/old/page?q');
  assert.deepEqual(
    [old.status, old.headers.location, old.text],
    [308, `http://new.example.com:${port}/new?q`, ''],
  );
  const health = await ask('/health');
  assert.deepEqual(
    [health.status, health.headers['content-type'], health.text],
    [200, 'application/json', '{}'],
  );
  assert.equal((await ask('/health/')).status, 404);
  const limited = await Promise.all(Array.from({ length: 20 }, () => ask('/limited')));
  // Both workers have a share of two.
  const passed = limited.filter(({ status }) => status === 204).length;
  assert.ok(passed >= 2 && passed <= 4, `${passed} passed`);
  assert.equal(limited.filter(({ status }) => status === 429).length, 20 - passed);
  const metrics = await weft.metrics();
  const replies = (reason: string) => metrics.value('weft_local_replies_total', { reason });
  assert.deepEqual(
    [replies('finished'), replies('no_route'), replies('rate_limited')],
    [2 + passed, 1, 20 - passed],
  );
  assert.equal(metrics.value('request_total', {}), 24);
  assert.equal(metrics.value('response_total', {}), 24);
});

test('retries, timeouts and resets of a known mixture are counted to the unit', async () => {
  /** Fails so many times for each id, then answers. */
  const failures = new Map<string, number>();
  const flaky = await serve((asked, answer) => {
    const [, kind = '', times = '0', id = ''] = (asked.url ?? '').split('/');
    const before = failures.get(id) ?? 0;
    failures.set(id, before + 1);
    if (before >= Number(times)) {
      answer.end('done');
    } else if (kind === 'reset') {
      asked.socket.resetAndDestroy();
    } else if (kind === 'busy') {
      answer.writeHead(503).end('busy');
    }
  });
  await start(
    [
      {
        timeouts: { request: '5s', backendRequest: '200ms' },
        retry: {
          attempts: 2,
          codes: [503],
          on: ['reset', 'timeout'],
          backoff: '1ms',
          backoffMax: '5ms',
        },
        backendRefs: [{ cluster: 'flaky' }],
      },
    ],
    // A connection that has served before may die of age, and then a request goes again without being counted here.
    { flaky: { endpoints: [flaky], http: { idleMax: 0 } } },
  );
  const kinds = ['busy', 'reset', 'slow'];
  const answers: Record<string, number> = {};
  for (let id = 0; id < 36; id += 1) {
    const [kind = '', times] = [kinds[id % 3], Math.floor(id / 3) % 4];
    const { status } = await ask(`/${kind}/${times}/${id}`);
    const key = `${kind} ${times} ${status}`;
    answers[key] = (answers[key] ?? 0) + 1;
  }
  const expected: Record<string, number> = {};
  for (const kind of kinds) {
    for (const times of [0, 1, 2]) {
      expected[`${kind} ${times} 200`] = 3;
    }
  }
  assert.deepEqual(answers, {
    ...expected,
    'busy 3 503': 3,
    'reset 3 502': 3,
    'slow 3 504': 3,
  });
  const metrics = await weft.metrics();
  const of = (name: string, labels: Record<string, string>) => metrics.value(name, labels);
  assert.equal(of('request_total', {}), 36);
  assert.equal(of('response_total', { status_code: '200', classification: 'success' }), 27);
  for (const status_code of ['502', '503', '504']) {
    assert.equal(of('response_total', { status_code, classification: 'failure' }), 3);
  }
  // For each kind three times 0 + 1 + 2 + 2.
  assert.equal(of('weft_request_retries_total', { result: 'sent' }), 45);
  assert.equal(of('weft_request_retries_total', { result: 'denied' }), 0);
  const { routes } = await weft.json<{ routes: readonly RequestTotals[] }>('/routes');
  const [{ latencyCounts = [], ...totals } = {}] = routes;
  assert.equal(routes.length, 1);
  assert.deepEqual(totals, {
    direction: 'outbound',
    route: 'shop',
    cluster: 'flaky',
    requestsTotal: 36,
    replaysTotal: 0,
    retriesTotal: 45,
    retriesDeniedTotal: 0,
    successesTotal: 27,
    failuresTotal: 9,
    requestBytesTotal: 0,
    // 'done' and 'busy', and nothing of those that went again.
    responseBytesTotal: 30 * 4,
  });
  assert.equal(
    latencyCounts.reduce((sum, count) => sum + count, 0),
    36,
  );
});

test('bytes of bodies are counted by route, while they go on', async () => {
  const megabyte = 1024 * 1024;
  let last: ServerResponse | undefined;
  const large = await serve((asked, answer) => {
    if (asked.url === '/open') {
      last = answer;
      answer.writeHead(200, { 'content-length': 5 * megabyte }).write(Buffer.alloc(4 * megabyte));
    } else {
      answer.end(asked.method === 'PUT' ? 'stored' : Buffer.alloc(300_000));
    }
  });
  await start([{ backendRefs: [{ cluster: 'large' }] }], { large: { endpoints: [large] } });
  const bytes = async (which: string) =>
    (await weft.metrics()).value(`weft_${which}_body_bytes_total`, { route_name: 'shop' });
  await http(`127.0.0.1:${port}`, '/put', { method: 'PUT', body: 'x'.repeat(2 * megabyte) });
  await http(`127.0.0.1:${port}`, '/put', { method: 'PUT', body: 'x'.repeat(1_000) });
  await ask('/get');
  assert.equal(await bytes('request'), 2 * megabyte + 1_000);
  assert.equal(await bytes('response'), 2 * 6 + 300_000);
  const open = ask('/open');
  await until('some of it to be counted', async () => (await bytes('response')) > 3 * megabyte);
  last?.end(Buffer.alloc(megabyte));
  await open;
  assert.equal(await bytes('response'), 2 * 6 + 300_000 + 5 * megabyte);
});

test('routes change under load, and no request fails', async () => {
  const clusters = await versions();
  const to = (cluster: string): HttpRuleConfig[] => [{ backendRefs: [{ cluster }] }];
  await start(to('one'), clusters);
  let over = false;
  const asking = Array.from({ length: 4 }, async () => {
    const statuses = new Set<number>();
    while (!over) {
      statuses.add((await ask('/')).status);
    }
    return statuses;
  });
  for (const cluster of ['two', 'one', 'two']) {
    assert.equal(await weft.reload(configOf(to(cluster), clusters)), 'success');
    assert.deepEqual(await names(5), { [cluster]: 5 });
  }
  over = true;
  for (const statuses of await Promise.all(asking)) {
    assert.deepEqual([...statuses], [200]);
  }
});
