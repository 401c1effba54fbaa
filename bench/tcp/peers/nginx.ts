// nginx with the stream module.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf } from '../../support/ports.ts';
import { findProgram, type Peer, versionOf } from './peer.ts';

const modulePaths = [
  '/usr/lib/nginx/modules/ngx_stream_module.so',
  '/usr/lib64/nginx/modules/ngx_stream_module.so',
];

function configuration(folder: string, listen: string, target: string, threads: number): string {
  const module = modulePaths.find((path) => existsSync(path));
  return [
    ...(module === undefined ? [] : [`load_module ${module};`]),
    `worker_processes ${threads};`,
    'daemon off;',
    `pid ${join(folder, `nginx-${portOf(listen)}.pid`)};`,
    'error_log stderr error;',
    'worker_rlimit_nofile 20000;',
    'events { worker_connections 19500; multi_accept on; }',
    'stream {',
    '  access_log off;',
    '  tcp_nodelay on;',
    '  proxy_buffer_size 256k;',
    '  proxy_half_close on;',
    '  proxy_timeout 1h;',
    `  server { listen ${listen} backlog=4096; proxy_pass ${target}; }`,
    '}',
    '',
  ].join('\n');
}

export function nginx(): Peer[] {
  const program = findProgram('nginx');
  if (program === null) return [];
  return [
    {
      name: 'nginx',
      kind: 'competitor',
      version: versionOf(program, ['-v'], /nginx\/(\S+)/),
      note: 'stream, worker_processes = threads, proxy_buffer_size 256k, multi_accept on, proxy_half_close on',
      command: ({ listen, target, threads, folder }) => {
        const path = join(folder, `nginx-${portOf(listen)}.conf`);
        writeFileSync(path, configuration(folder, listen, target, threads));
        return [program, '-c', path, '-p', folder, '-e', 'stderr'];
      },
    },
  ];
}
