// No proxy, and the two smallest ones (bench/floor).

import type { Programs } from '../../support/programs.ts';
import type { Peer } from './peer.ts';

export const direct: Peer = {
  name: 'direct',
  kind: 'direct',
  version: '-',
  rows: ['ping-pong-1', 'ping-pong-50', 'bulk-1', 'bulk-8', 'connect', 'latency', 'latency-half'],
  command: () => [],
};

export function floors(programs: Programs): Peer[] {
  return [
    {
      name: 'copy-floor',
      kind: 'floor',
      version: '-',
      command: ({ listen, target }) => [programs.copyFloor, listen, target],
    },
    {
      name: 'splice-floor',
      kind: 'floor',
      version: '-',
      rows: ['exact', 'bulk-1', 'bulk-8'],
      command: ({ listen, target }) => [programs.spliceFloor, listen, target],
    },
  ];
}
