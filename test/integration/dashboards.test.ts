// What operators look at: every panel of examples/grafana and the queries of Linkerd's dashboards, asked of a real
// Prometheus that scrapes a real proxy under traffic of every kind that they show.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { http } from '../support/http.ts';
import { killWithUs } from '../support/kill-with-us.ts';
import { freePort } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { root, tempFolder, WeftRun } from '../support/weft.ts';

const window = '10s';
const workload = 'namespace="shop", deployment="web"';
const responses = (more = '') => `irate(response_total{${more}${workload}}[${window}])`;
const latencies = `irate(response_latency_ms_bucket{${workload}, direction="inbound"}[${window}])`;

/** As `linkerd viz stat` and the dashboards of Linkerd write them, with the labels that its scrape adds. */
const linkerdQueries = [
  `sum(${responses('classification="success", direction="inbound", ')}) by (deployment) /
   sum(${responses('direction="inbound", ')}) by (deployment)`,
  `sum(irate(request_total{${workload}, direction="inbound", tls!="true"}[${window}])) by (deployment)`,
  `histogram_quantile(0.5, sum(${latencies}) by (le, deployment))`,
  `histogram_quantile(0.95, sum(${latencies}) by (le, deployment))`,
  `histogram_quantile(0.99, sum(${latencies}) by (le, deployment))`,
  `sum(increase(response_total{direction="inbound", ${workload}}[${window}])) by (namespace, deployment, classification, tls)`,
  `sum(increase(response_total{direction="outbound", ${workload}}[${window}])) by (status_code)`,
  `sum(tcp_open_connections{direction="inbound", ${workload}}) by (namespace, deployment)`,
  `sum(tcp_open_connections{${workload}, direction="inbound", peer="src"}) by (peer)`,
  `sum(rate(tcp_read_bytes_total{direction="inbound", peer="src", ${workload}}[${window}])) by (namespace, deployment)`,
  `sum(rate(tcp_write_bytes_total{direction="inbound", peer="src", ${workload}}[${window}])) by (namespace, deployment)`,
  `sum(irate(tcp_close_total{${workload}, direction="inbound"}[${window}])) by (errno)`,
  `count(count(request_total{${workload}, direction="outbound"}) by (namespace, target_addr))`,
];

interface Sample {
  readonly value: readonly [number, string];
}

let weft: WeftRun;
let prometheus = '';
let prometheusChild: ChildProcess | null = null;
let traffic: NodeJS.Timeout;
const servers: Server[] = [];

/** Whether Debian's package is there; without it the tests below are skipped by name. */
let isThere = true;

async function startServer(status: () => number): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(status()).end('hello'));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configOf(inbound: string, outbound: string, good: string, bad: string): UserConfig {
  const refused = '127.0.0.1:1';
  return {
    listeners: [
      { name: 'in', address: inbound, direction: 'inbound', cluster: 'app' },
      {
        name: 'out',
        cluster: 'app',
        address: outbound,
        httpRoutes: [
          {
            name: 'shop',
            rules: [
              {
                matches: [{ path: { type: 'PathPrefix', value: '/again' } }],
                retry: { codes: [503], attempts: 2 },
                backendRefs: [{ cluster: 'flaky' }],
              },
              {
                matches: [{ path: { type: 'PathPrefix', value: '/lost' } }],
                backendRefs: [{ cluster: 'refused' }],
              },
              {
                matches: [{ path: { type: 'PathPrefix', value: '/shop' } }],
                backendRefs: [{ cluster: 'app' }],
              },
            ],
          },
        ],
      },
    ],
    clusters: {
      app: { endpoints: [good] },
      flaky: { endpoints: [bad] },
      refused: { endpoints: [refused], healthCheck: { interval: '1s' } },
    },
  };
}

async function startPrometheus(target: string): Promise<string> {
  const folder = tempFolder();
  const address = `127.0.0.1:${await freePort()}`;
  const file = join(folder, 'prometheus.yml');
  const job = {
    job_name: 'weft',
    scrape_interval: '500ms',
    scrape_timeout: '500ms',
    static_configs: [{ targets: [target], labels: { namespace: 'shop', deployment: 'web' } }],
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ scrape_configs: [job] }));
  const options = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  prometheusChild = killWithUs(
    spawn('prometheus', [...options, `--web.listen-address=${address}`], { stdio: 'ignore' }),
  );
  prometheusChild.once('error', () => {
    isThere = false;
  });
  await until(
    'Prometheus to be ready',
    async () => {
      const ready = await http(address, '/-/ready').catch(() => null);
      return !isThere || ready?.status === 200;
    },
    30_000,
  );
  return address;
}

before(async () => {
  const [inbound, outbound] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  let asked = 0;
  const good = await startServer(() => 200);
  const bad = await startServer(() => (asked++ % 2 === 0 ? 503 : 200));
  weft = await WeftRun.start(configOf(inbound, outbound, good, bad));
  prometheus = await startPrometheus(weft.admin);
  const questions = [
    [inbound, '/'],
    ...['/shop', '/again', '/lost', '/nowhere'].map((path) => [outbound, path]),
  ] as const;
  traffic = setInterval(() => {
    for (const [address = '', path = ''] of questions) http(address, path).catch(() => undefined);
  }, 50);
});

after(async () => {
  clearInterval(traffic);
  prometheusChild?.kill('SIGKILL');
  weft?.signal('SIGKILL');
  await weft?.ended;
  for (const server of servers) {
    server.close().closeAllConnections();
  }
});

/** What a query gives at last: the first few scrapes are no rate yet. */
async function shown(query: string): Promise<readonly number[]> {
  let said = '';
  const samples = await until(
    () => `${query} to show something; Prometheus said ${said}`,
    async () => {
      const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
      said = (await http(prometheus, path)).text;
      const { status, data } = JSON.parse(said) as {
        readonly status: string;
        readonly data?: { readonly result: readonly Sample[] };
      };
      assert.equal(status, 'success', said);
      const values = data?.result.map(({ value }) => Number(value[1])) ?? [];
      return values.length > 0 && values.every(Number.isFinite) && values;
    },
    20_000,
  );
  return samples;
}

function dashboardQueries(): string[] {
  const file = join(root, 'examples/grafana/dashboard.json');
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((expr) => expr.replaceAll('$__rate_interval', window).replaceAll('$instance', '.*'));
}

for (const [name, queries] of [
  ['every panel of examples/grafana shows what happens', dashboardQueries()],
  ['the queries of Linkerd show what happens', linkerdQueries],
] as const) {
  test(name, { timeout: 60_000 }, async (t) => {
    if (!isThere) {
      t.skip('needs prometheus: apt-get install prometheus');
      return;
    }
    assert.ok(queries.length > 10);
    for (const query of queries) {
      await shown(query);
    }
  });
}

test('what they show is what was asked', { timeout: 60_000 }, async (t) => {
  if (!isThere) {
    t.skip('needs prometheus: apt-get install prometheus');
    return;
  }
  const [success = 0] = await shown(linkerdQueries[0] ?? '');
  assert.equal(success, 1);
  const lost = `sum(rate(weft_local_replies_total{reason="no_route"}[${window}]))`;
  const [lostPerSecond = 0] = await shown(lost);
  assert.ok(lostPerSecond > 1 && lostPerSecond < 25, `${lostPerSecond}`);
});
