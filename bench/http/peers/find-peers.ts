// Programs that pass HTTP on, each with its best documented settings. The floor copies bytes and knows no HTTP.

import type { Programs } from '../../support/programs.ts';
import { customPeers } from '../../tcp/peers/custom.ts';
import { floors } from '../../tcp/peers/floors.ts';
import { envoyPeers } from './envoy.ts';
import { haproxyPeers } from './haproxy.ts';
import { nginxPeers } from './nginx.ts';
import type { HttpPeer } from './peer.ts';
import { weftPeers } from './weft.ts';

/** All that this machine has, in the order of the table. */
export function findPeers(programs: Programs): HttpPeer[] {
  const floor = floors(programs).filter(({ name }) => name === 'copy-floor');
  return [
    ...floor,
    ...weftPeers(),
    ...haproxyPeers(),
    ...nginxPeers(),
    ...envoyPeers(),
    ...customPeers('WEFT_BENCH_HTTP_PEER_'),
  ];
}
