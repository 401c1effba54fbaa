// Programs that pass HTTP on, each with its best documented settings. The floor copies bytes and knows no HTTP.

import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { weftMain } from '../support/paths.ts';
import { portOf } from '../support/ports.ts';
import type { Programs } from '../support/programs.ts';
import { findEnvoy, socketAddress } from '../tcp/peers/envoy.ts';
import { findProgram, type Peer, versionOf } from '../tcp/peers/peer.ts';

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
  const type = 'type.googleapis.com/envoy.extensions.filters';
  const manager = {
    '@type': `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    generate_request_id: false,
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'origin', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${type}.http.router.v3.Router`, suppress_envoy_headers: true },
      },
    ],
  };
  const limit = 20_000;
  const thresholds = [
    {
      max_connections: limit,
      max_pending_requests: limit,
      max_requests: limit,
      max_retries: limit,
    },
  ];
  const bootstrap = {
    static_resources: {
      listeners: [
        {
          name: 'bench',
          address: socketAddress(listen),
          enable_reuse_port: false,
          tcp_backlog_size: 4096,
          filter_chains: [
            {
              filters: [
                { name: 'envoy.filters.network.http_connection_manager', typed_config: manager },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'origin',
          type: 'STATIC',
          connect_timeout: '5s',
          circuit_breakers: { thresholds },
          load_assignment: {
            cluster_name: 'origin',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(target) } }] }],
          },
        },
      ],
    },
  };
  writeFileSync(path, JSON.stringify(bootstrap));
  return path;
}

function weft(): Peer[] {
  if (!existsSync(weftMain)) return [];
  const text = execFileSync(process.execPath, [weftMain, 'version'], { encoding: 'utf8' });
  const start = [process.execPath, weftMain, 'forward'];
  return [
    {
      name: 'weft',
      kind: 'weft',
      version: /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? 'unknown',
      note: 'finds out that it is HTTP; as users start it, with metrics',
      command: ({ listen, target, threads }) => [
        ...[...start, listen, target, '--workers', String(threads)],
      ],
    },
  ];
}

/** All that this machine has, in the order of the table. */
export function findPeers(programs: Programs): Peer[] {
  const peers: Peer[] = [
    {
      name: 'copy-floor',
      kind: 'floor',
      version: '-',
      command: ({ listen, target }) => [programs.copyFloor, listen, target],
    },
    ...weft(),
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
