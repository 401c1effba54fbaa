// Programs that pass HTTP on, each with its best documented settings. The floor copies bytes and knows no HTTP.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf } from '../support/ports.ts';
import type { Programs } from '../support/programs.ts';
import { bootstrap, filterType, findEnvoy } from '../tcp/peers/envoy.ts';
import { floors } from '../tcp/peers/floors.ts';
import { findProgram, type Peer, versionOf } from '../tcp/peers/peer.ts';
import { weft } from '../tcp/peers/weft.ts';

// With pipes and connections to the origin these fit into the 20,000 descriptors that some machines allow.
const connectionsMax = 4_000;
const manyRequests = 1_000_000_000;

function nginxFile(listen: string, target: string, threads: number, folder: string): string {
  const path = join(folder, `nginx-http-${portOf(listen)}.conf`);
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
    '    location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;',
    '      proxy_buffers 16 64k; proxy_pass http://origin; } }',
    '}',
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

function haproxyFile(listen: string, target: string, threads: number, folder: string): string {
  const path = join(folder, `haproxy-http-${portOf(listen)}.cfg`);
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
    'listen bench',
    `  bind ${listen} backlog 4096`,
    `  server only ${target}`,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

function envoyFile(listen: string, target: string, folder: string): string {
  const path = join(folder, `envoy-http-${portOf(listen)}.json`);
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'target', timeout: '0s' } }];
  const router = { '@type': `${filterType}.http.router.v3.Router`, suppress_envoy_headers: true };
  const manager = {
    '@type': `${filterType}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    generate_request_id: false,
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: router }],
  };
  const name = 'envoy.filters.network.http_connection_manager';
  writeFileSync(path, JSON.stringify(bootstrap(listen, target, name, manager)));
  return path;
}

/** All that this machine has, in the order of the table. */
export function findPeers(programs: Programs): Peer[] {
  const peers: Peer[] = [
    ...floors(programs).filter(({ name }) => name === 'copy-floor'),
    ...weft(false).map((peer) => ({
      ...peer,
      note: 'finds out that it is HTTP; as users start it, with metrics',
    })),
  ];
  const haproxy = findProgram('haproxy');
  if (haproxy !== null) {
    peers.push({
      name: 'haproxy',
      kind: 'competitor',
      version: versionOf(haproxy, ['-v'], /version (\S+)/),
      note: 'mode http, http-reuse always, option splice-auto, nbthread = threads',
      command: ({ listen, target, threads, folder }) => [
        ...[haproxy, '-db', '-q', '-f', haproxyFile(listen, target, threads, folder)],
      ],
    });
  }
  const nginx = findProgram('nginx');
  if (nginx !== null) {
    peers.push({
      name: 'nginx',
      kind: 'competitor',
      version: versionOf(nginx, ['-v'], /nginx\/(\S+)/),
      note: 'proxy_http_version 1.1, keepalive 1000, proxy_buffers 16 64k, worker_processes = threads',
      command: ({ listen, target, threads, folder }) => [
        ...[nginx, '-c', nginxFile(listen, target, threads, folder), '-p', folder, '-e', 'stderr'],
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
      command: ({ listen, target, threads, folder }) => [
        ...[envoy, '-c', envoyFile(listen, target, folder), '--concurrency', String(threads)],
        ...['--disable-hot-restart', '-l', 'error'],
      ],
    });
  }
  return peers;
}
