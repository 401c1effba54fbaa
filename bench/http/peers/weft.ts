// Weft as its users start it: `weft forward` where that is enough.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { weftMain } from '../../support/paths.ts';
import { portOf } from '../../support/ports.ts';
import { weft } from '../../tcp/peers/weft.ts';
import { type HttpPeer, type HttpStartRequest, prefixes } from './peer.ts';

function weftFile(request: HttpStartRequest): string {
  const { listen, targets, threads, folder, routes, balancer, limit } = request;
  const path = join(folder, `weft-http-${portOf(listen)}.json`);
  const rules = prefixes(routes).map((prefix) => ({
    matches: [{ path: { type: 'PathPrefix', value: prefix } }],
    backendRefs: [{ cluster: 'origin' }],
  }));
  const httpRoutes = routes === 0 ? undefined : [{ name: 'services', rules }];
  const listener = { name: 'bench', address: listen, cluster: 'origin', httpRoutes };
  const chooses = balancer === 'inTurn' ? { balancer: 'roundRobin' } : {};
  const clusters = { origin: { endpoints: targets, ...chooses } };
  const limits = limit && { requestsMax: limit.slots + limit.waiting };
  const file = { workers: threads, admin: null, listeners: [listener], clusters, limits };
  writeFileSync(path, JSON.stringify(file));
  return path;
}

export function weftPeers(): HttpPeer[] {
  return weft(false).map((plain) => ({
    ...plain,
    note: 'finds out that it is HTTP; as users start it, with metrics',
    command: (request) =>
      request.routes === 0 && request.targets.length === 1 && request.limit === undefined
        ? plain.command(request)
        : [process.execPath, weftMain, 'run', '--config', weftFile(request)],
  }));
}
