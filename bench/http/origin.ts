// The server of files behind the proxies: nginx, which answers out of memory and costs less than any of them.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startListening } from '../support/listening.ts';
import { freeAddress } from '../support/ports.ts';
import type { Programs } from '../support/programs.ts';
import { findProgram } from '../tcp/peers/peer.ts';
import { pathOf, type Row } from './rows.ts';

/** Its address. */
export async function startFiles(
  programs: Programs,
  folder: string,
  rows: readonly Row[],
  cpu: number | undefined,
): Promise<string> {
  const nginx = findProgram('nginx');
  if (nginx === null)
    throw new Error('nginx is the server behind the proxies: apt-get install nginx');
  const address = await freeAddress();
  // As root, nginx reads as somebody else.
  chmodSync(folder, 0o755);
  for (const row of rows) {
    const file = join(folder, pathOf(row));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'x'.repeat(row.bodyBytes));
  }
  const file = join(folder, 'origin.conf');
  const lines = [
    'worker_processes 1;',
    'daemon off;',
    `pid ${file}.pid;`,
    'error_log stderr error;',
    'worker_rlimit_nofile 20000;',
    'events { worker_connections 19500; multi_accept on; }',
    'http {',
    '  access_log off;',
    '  open_file_cache max=100;',
    '  sendfile on;',
    '  keepalive_requests 1000000000;',
    `  server { listen ${address} backlog=4096; root ${folder}; }`,
    '}',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  await startListening(
    programs,
    'nginx',
    [nginx, '-c', file, '-p', folder, '-e', 'stderr'],
    address,
    cpu,
  );
  return address;
}
