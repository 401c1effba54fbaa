// Envoy, http_connection_manager.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf } from '../../support/ports.ts';
import { bootstrap, filterType, findEnvoy } from '../../tcp/peers/envoy.ts';
import { versionOf } from '../../tcp/peers/peer.ts';
import { type HttpPeer, type HttpStartRequest, prefixes } from './peer.ts';

function envoyFile({ listen, targets, folder, routes, balancer, limit }: HttpStartRequest): string {
  const path = join(folder, `envoy-http-${portOf(listen)}.json`);
  const route = { cluster: 'target', timeout: '0s' };
  const matches =
    routes === 0
      ? [{ prefix: '/' }]
      : prefixes(routes).map((path_separated_prefix) => ({ path_separated_prefix }));
  const router = { '@type': `${filterType}.http.router.v3.Router`, suppress_envoy_headers: true };
  const manager = {
    '@type': `${filterType}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    generate_request_id: false,
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: matches.map((match) => ({ match, route })) },
      ],
    },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: router }],
  };
  const name = 'envoy.filters.network.http_connection_manager';
  const cluster = {
    ...(balancer === 'leastBusy' ? { lb_policy: 'LEAST_REQUEST' } : {}),
    ...(limit === undefined ? {} : { circuit_breakers: breakers(limit) }),
  };
  writeFileSync(path, JSON.stringify(bootstrap(listen, targets, name, manager, cluster)));
  return path;
}

function breakers({ slots, waiting }: { readonly slots: number; readonly waiting: number }) {
  const most = slots + waiting;
  const threshold = {
    max_connections: slots,
    max_pending_requests: waiting,
    max_requests: most,
    max_retries: most,
  };
  return { thresholds: [threshold] };
}

export function envoyPeers(): HttpPeer[] {
  const envoy = findEnvoy();
  if (envoy === null) return [];
  return [
    {
      name: 'envoy',
      kind: 'competitor',
      version: versionOf(envoy, ['--version'], /\/(\d+\.\d+\.\d+)\//),
      note: 'http_connection_manager, --concurrency = threads, no request ids, no admin, no access log',
      command: (request) => [
        ...[envoy, '-c', envoyFile(request), '--concurrency', String(request.threads)],
        ...['--disable-hot-restart', '-l', 'error'],
      ],
    },
  ];
}
