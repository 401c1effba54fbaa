// HAProxy, mode http.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf } from '../../support/ports.ts';
import { findProgram, versionOf } from '../../tcp/peers/peer.ts';
import { connectionsMax, type HttpPeer, type HttpStartRequest, prefixes } from './peer.ts';

function haproxyFile(request: HttpStartRequest): string {
  const { listen, targets, threads, folder, routes, balancer, limit } = request;
  const path = join(folder, `haproxy-http-${portOf(listen)}.cfg`);
  const map = `${path}.map`;
  const entries = prefixes(routes).map((prefix) => `${prefix}/ origin\n`);
  writeFileSync(map, entries.join(''));
  const most = limit === undefined ? '' : ` maxconn ${limit.slots}`;
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
    limit === undefined ? '' : `  timeout queue ${limit.waitMs}ms`,
    'frontend bench',
    `  bind ${listen} backlog 4096`,
    routes === 0 ? '  default_backend origin' : `  use_backend %[path,map_beg(${map})]`,
    'backend origin',
    balancer === 'leastBusy' ? '  balance leastconn' : '',
    ...targets.map((target, index) => `  server s${index} ${target}${most}`),
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

export function haproxyPeers(): HttpPeer[] {
  const haproxy = findProgram('haproxy');
  if (haproxy === null) return [];
  return [
    {
      name: 'haproxy',
      kind: 'competitor',
      version: versionOf(haproxy, ['-v'], /version (\S+)/),
      note: 'mode http, http-reuse always, option splice-auto, nbthread = threads',
      command: (request) => [haproxy, '-db', '-q', '-f', haproxyFile(request)],
    },
  ];
}
