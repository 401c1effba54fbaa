// Programs that pass HTTP on, each with its best documented settings. The floor copies bytes and knows no HTTP.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { weftMain } from '../support/paths.ts';
import { portOf } from '../support/ports.ts';
import type { Programs } from '../support/programs.ts';
import { bootstrap, filterType, findEnvoy } from '../tcp/peers/envoy.ts';
import { floors } from '../tcp/peers/floors.ts';
import { findProgram, type Peer, type StartRequest, versionOf } from '../tcp/peers/peer.ts';
import { weft } from '../tcp/peers/weft.ts';
import { routePrefix } from './rows.ts';

// With pipes and connections to the origin these fit into the 20,000 descriptors that some machines allow.
const connectionsMax = 4_000;
const manyRequests = 1_000_000_000;

export interface HttpStartRequest extends StartRequest {
  /** See Row. The floor, which chooses nothing, starts the same with any number. */
  readonly routes: number;
}

export interface HttpPeer extends Peer {
  command(request: HttpStartRequest): string[];
}

const prefixes = (routes: number) =>
  Array.from({ length: routes }, (_, index) => routePrefix(index));

function weftFile({ listen, target, threads, folder, routes }: HttpStartRequest): string {
  const path = join(folder, `weft-http-${portOf(listen)}.json`);
  const rules = prefixes(routes).map((prefix) => ({
    matches: [{ path: { type: 'PathPrefix', value: prefix } }],
    backendRefs: [{ cluster: 'origin' }],
  }));
  const httpRoutes = [{ name: 'services', rules }];
  const listener = { name: 'bench', address: listen, cluster: 'origin', httpRoutes };
  const clusters = { origin: { endpoints: [target] } };
  writeFileSync(
    path,
    JSON.stringify({ workers: threads, admin: null, listeners: [listener], clusters }),
  );
  return path;
}

function weftPeers(): HttpPeer[] {
  return weft(false).map((plain) => ({
    ...plain,
    note: 'finds out that it is HTTP; as users start it, with metrics',
    command: (request) =>
      request.routes === 0
        ? plain.command(request)
        : [process.execPath, weftMain, 'run', '--config', weftFile(request)],
  }));
}

function nginxFile({ listen, target, threads, folder, routes }: HttpStartRequest): string {
  const path = join(folder, `nginx-http-${portOf(listen)}.conf`);
  const locations = routes === 0 ? [''] : prefixes(routes);
  const lines = [
    `worker_processes ${threads};`,
    'daemon off;',
    `pid ${path}.pid;`,
    'error_log stderr error;',
    'worker_rlimit_nofile 20000;',
    'events { worker_connections 19500; multi_accept on; }',
    'http {',
    '  access_log off;',
    `  keepalive_requests ${manyRequests};`,
    `  upstream origin { server ${target}; keepalive 1000; keepalive_requests ${manyRequests}; }`,
    `  server { listen ${listen} backlog=4096;`,
    '    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;',
    '    proxy_buffers 16 64k;',
    ...locations.map((prefix) => `    location ${prefix}/ { proxy_pass http://origin; }`),
    '  }',
    '}',
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

function haproxyFile({ listen, target, threads, folder, routes }: HttpStartRequest): string {
  const path = join(folder, `haproxy-http-${portOf(listen)}.cfg`);
  const map = `${path}.map`;
  writeFileSync(
    map,
    prefixes(routes)
      .map((prefix) => `${prefix}/ origin\n`)
      .join(''),
  );
  const lines = [
    'global',
    `  nbthread ${threads}`,
    `  maxconn ${connectionsMax}`,
    'defaults',
    '  mode http',
    '  http-reuse always',
    '  option splice-auto',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    'frontend bench',
    `  bind ${listen} backlog 4096`,
    routes === 0 ? '  default_backend origin' : `  use_backend %[path,map_beg(${map})]`,
    'backend origin',
    `  server only ${target}`,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

function envoyFile({ listen, target, folder, routes }: HttpStartRequest): string {
  const path = join(folder, `envoy-http-${portOf(listen)}.json`);
  const route = { cluster: 'target', timeout: '0s' };
  const matches =
    routes === 0
      ? [{ prefix: '/' }]
      : prefixes(routes).map((path_separated_prefix) => ({ path_separated_prefix }));
  const router = { '@type': `${filterType}.http.router.v3.Router`, suppress_envoy_headers: true };
  const manager = {
    '@type': `${filterType}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    generate_request_id: false,
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: matches.map((match) => ({ match, route })) },
      ],
    },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: router }],
  };
  const name = 'envoy.filters.network.http_connection_manager';
  writeFileSync(path, JSON.stringify(bootstrap(listen, target, name, manager)));
  return path;
}

/** All that this machine has, in the order of the table. */
export function findPeers(programs: Programs): HttpPeer[] {
  const peers: HttpPeer[] = [
    ...floors(programs).filter(({ name }) => name === 'copy-floor'),
    ...weftPeers(),
  ];
  const haproxy = findProgram('haproxy');
  if (haproxy !== null) {
    peers.push({
      name: 'haproxy',
      kind: 'competitor',
      version: versionOf(haproxy, ['-v'], /version (\S+)/),
      note: 'mode http, http-reuse always, option splice-auto, nbthread = threads',
      command: (request) => [haproxy, '-db', '-q', '-f', haproxyFile(request)],
    });
  }
  const nginx = findProgram('nginx');
  if (nginx !== null) {
    peers.push({
      name: 'nginx',
      kind: 'competitor',
      version: versionOf(nginx, ['-v'], /nginx\/(\S+)/),
      note: 'proxy_http_version 1.1, keepalive 1000, proxy_buffers 16 64k, worker_processes = threads',
      command: (request) => [
        ...[nginx, '-c', nginxFile(request), '-p', request.folder, '-e', 'stderr'],
      ],
    });
  }
  const envoy = findEnvoy();
  if (envoy !== null) {
    peers.push({
      name: 'envoy',
      kind: 'competitor',
      version: versionOf(envoy, ['--version'], /\/(\d+\.\d+\.\d+)\//),
      note: 'http_connection_manager, --concurrency = threads, no request ids, no admin, no access log',
      command: (request) => [
        ...[envoy, '-c', envoyFile(request), '--concurrency', String(request.threads)],
        ...['--disable-hot-restart', '-l', 'error'],
      ],
    });
  }
  return peers;
}
