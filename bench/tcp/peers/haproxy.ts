// HAProxy, mode tcp.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf } from '../../support/ports.ts';
import { findProgram, type Peer, type StartRequest, versionOf } from './peer.ts';

// 9,500 connections are 19,000 descriptors, below the 20,000 that some machines allow. Each pipe is
// as large as the splice floor's.
const connectionsMax = 9_500;
const pipesMax = 64;
const pipeBytes = 1024 * 1024;

function configuration(splice: readonly string[], request: StartRequest): string {
  return [
    'global',
    `  nbthread ${request.threads}`,
    `  maxconn ${connectionsMax}`,
    `  maxpipes ${pipesMax}`,
    `  tune.pipesize ${pipeBytes}`,
    'defaults',
    '  mode tcp',
    ...splice.map((direction) => `  option splice-${direction}`),
    `  maxconn ${connectionsMax}`,
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    'listen bench',
    `  bind ${request.listen} backlog 4096`,
    `  server only ${request.target}`,
    '',
  ].join('\n');
}

// splice-auto is what HAProxy's manual recommends, but it does not see a stream in the loopback load
// of this bench; unconditional splicing is its best for bulk and costs small messages a quarter. Each
// row gets the better one.
export function haproxy(): Peer[] {
  const program = findProgram('haproxy');
  if (program === null) return [];
  const common = {
    kind: 'competitor',
    version: versionOf(program, ['-v'], /version (\S+)/),
  } as const;
  const command = (splice: readonly string[]) => (request: StartRequest) => {
    const path = join(request.folder, `haproxy-${portOf(request.listen)}.cfg`);
    writeFileSync(path, configuration(splice, request));
    return [program, '-db', '-q', '-f', path];
  };
  return [
    {
      ...common,
      name: 'haproxy',
      note: 'mode tcp, option splice-auto, tune.pipesize 1 MiB, nbthread = threads',
      command: command(['auto']),
    },
    {
      ...common,
      name: 'haproxy-splice',
      note: 'the same with splice-request and splice-response, bulk only',
      rows: ['exact', 'bulk-1', 'bulk-8'],
      command: command(['request', 'response']),
    },
  ];
}
