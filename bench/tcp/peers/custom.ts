// Any other peer, named by a variable:
//   WEFT_BENCH_PEER_<NAME>='command with {listen} {target} {listenPort} {targetPort} {threads}'
// or, for HTTP, WEFT_BENCH_HTTP_PEER_<NAME>.
// The command is run by /bin/sh, stays in the foreground and forwards {listen} to {target}.

import process from 'node:process';
import { portOf } from '../../support/ports.ts';
import type { Peer } from './peer.ts';

export function customPeers(prefix = 'WEFT_BENCH_PEER_'): Peer[] {
  const peers: Peer[] = [];
  for (const [name, template] of Object.entries(process.env)) {
    if (!name.startsWith(prefix) || !template) continue;
    peers.push({
      name: name.slice(prefix.length).toLowerCase().replaceAll('_', '-'),
      kind: 'competitor',
      version: 'unknown',
      note: template,
      command: ({ listen, target, threads }) => {
        const values: Record<string, string> = {
          listen,
          target,
          listenPort: String(portOf(listen)),
          targetPort: String(portOf(target)),
          threads: String(threads),
        };
        const command = template.replace(
          /\{(\w+)\}/g,
          (whole, key: string) => values[key] ?? whole,
        );
        return ['/bin/sh', '-c', command];
      },
    });
  }
  return peers;
}
