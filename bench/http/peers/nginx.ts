// nginx, proxy_pass.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf } from '../../support/ports.ts';
import { findProgram, versionOf } from '../../tcp/peers/peer.ts';
import { type HttpPeer, type HttpStartRequest, prefixes } from './peer.ts';

const manyRequests = 1_000_000_000;

function nginxFile(request: HttpStartRequest): string {
  const { listen, targets, threads, folder, routes, balancer, limit } = request;
  const path = join(folder, `nginx-http-${portOf(listen)}.conf`);
  const locations = routes === 0 ? [''] : prefixes(routes);
  // It has no queue: what waits, waits in the endpoint.
  const most = limit === undefined ? '' : ` max_conns=${limit.slots + limit.waiting}`;
  const lines = [
    `worker_processes ${threads};`,
    'daemon off;',
    `pid ${path}.pid;`,
    'error_log stderr crit;',
    'worker_rlimit_nofile 20000;',
    'events { worker_connections 19500; multi_accept on; }',
    'http {',
    '  access_log off;',
    `  keepalive_requests ${manyRequests};`,
    '  upstream origin {',
    balancer === 'leastBusy' ? '    least_conn;' : '',
    ...targets.map((target) => `    server ${target}${most};`),
    `    keepalive 1000; keepalive_requests ${manyRequests};`,
    '  }',
    `  server { listen ${listen} backlog=4096;`,
    '    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;',
    '    proxy_buffers 16 64k; proxy_request_buffering off;',
    ...locations.map((prefix) => `    location ${prefix}/ { proxy_pass http://origin; }`),
    '  }',
    '}',
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

export function nginxPeers(): HttpPeer[] {
  const nginx = findProgram('nginx');
  if (nginx === null) return [];
  return [
    {
      name: 'nginx',
      kind: 'competitor',
      version: versionOf(nginx, ['-v'], /nginx\/(\S+)/),
      note: 'proxy_http_version 1.1, keepalive 1000, proxy_buffers 16 64k, proxy_request_buffering off, worker_processes = threads',
      command: (request) => [
        ...[nginx, '-c', nginxFile(request), '-p', request.folder, '-e', 'stderr'],
      ],
    },
  ];
}
