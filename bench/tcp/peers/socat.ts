// socat: one process for each connection, so only rows with few and lasting connections compare.

import { findProgram, type Peer, versionOf } from './peer.ts';

const bufferBytes = 256 * 1024;

export function socat(): Peer[] {
  const program = findProgram('socat');
  if (program === null) return [];
  return [
    {
      name: 'socat',
      kind: 'competitor',
      version: versionOf(program, ['-V'], /socat version (\S+)/),
      note: 'one process for each connection, buffer 256 KiB; no row with many connections',
      rows: ['exact', 'ping-pong-1', 'ping-pong-50', 'bulk-1', 'bulk-8'],
      command: ({ listen, target }) => {
        const [host, port] = listen.split(':');
        return [
          program,
          '-b',
          String(bufferBytes),
          '-t',
          '10',
          `TCP-LISTEN:${port},bind=${host},reuseaddr,fork,nodelay,backlog=4096`,
          `TCP:${target},nodelay`,
        ];
      },
    },
  ];
}
