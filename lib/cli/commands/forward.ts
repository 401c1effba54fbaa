// `weft forward`: one listener and its endpoints from the command line, with no file at all.

import { formatAddress, parseAddress } from '../../base/address.ts';
import { UsageError } from '../../base/errors.ts';
import { applyOverrides } from '../../config/overrides.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { parseCommand } from '../parse-command.ts';
import { keepHeapSmall, runProxy } from '../run-proxy.ts';

const help = `Forward the connections of one address to others, balanced.

  weft forward LISTEN TARGET [TARGET...] [--balancer NAME] [--access-log] [--workers N]
               [--admin ADDRESS] [--log-level LEVEL]

  LISTEN, TARGET     host:port, [ipv6]:port or unix:/path
  --balancer NAME    p2cEwma (default), roundRobin, leastConnections or random
  --access-log       a line for each connection that ended
  --workers N        threads that move bytes; without it the CPUs that the process may use
  --admin ADDRESS    an admin server for health and metrics; without it there is none
  --log-level LEVEL  trace, debug, info, warn, error or silent

Example:
  weft forward 127.0.0.1:8080 10.0.0.5:80 10.0.0.6:80
`;

export async function run(argv: string[]): Promise<number> {
  const parsed = parseCommand(argv, {
    help,
    words: 'some',
    options: {
      balancer: { type: 'string' },
      'access-log': { type: 'boolean' },
      workers: { type: 'string' },
      admin: { type: 'string' },
      'log-level': { type: 'string' },
    },
  });
  if (parsed === null) {
    return 0;
  }
  keepHeapSmall();
  const { flags, switches, words } = parsed;
  const [listen, ...targets] = words;
  if (listen === undefined || targets.length === 0) {
    throw new UsageError(
      'expected LISTEN and at least one TARGET: weft forward 127.0.0.1:8080 10.0.0.5:80.',
    );
  }
  const input = {
    listeners: [{ name: 'forward', address: address('LISTEN', listen), cluster: 'targets' }],
    clusters: {
      targets: {
        endpoints: targets.map((target) => address('TARGET', target)),
        ...(flags['balancer'] === undefined ? {} : { balancer: flags['balancer'] }),
      },
    },
    // Two forwards on one machine must not fight for a port that nobody asked for.
    admin: null,
    log: { accessLog: switches.has('access-log') },
  };
  const config = resolveConfig(applyOverrides(input, process.env, flags).input, 'weft forward');
  return runProxy({ config, load: null, watch: null });
}

function address(argument: string, text: string): string {
  const parsed = parseAddress(text);
  if (!parsed.ok) {
    const hint = parsed.hint === null ? '' : ` ${parsed.hint}`;
    throw new UsageError(`${argument} '${text}': ${parsed.problem}.${hint}`);
  }
  return formatAddress(parsed.value);
}
