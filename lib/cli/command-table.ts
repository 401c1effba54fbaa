// Every command, with its arguments, flags and an example. The parser and the help texts follow this table.

export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** What stands for the value in help texts; `null` for a switch. */
  readonly value: string | null;
  readonly about: string;
  /** One letter that stands for the name behind one dash. */
  readonly short?: string;
  /** It may be there several times; its values are in `lists`. */
  readonly repeats?: true;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as help texts show them. */
  readonly arguments: string;
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  readonly flags: readonly Flag[];
  /** A line to copy. */
  readonly example: string;
  /** What the summary does not say, in lines of at most 80 columns. */
  readonly details: readonly string[];
}

const config: Flag = {
  name: 'config',
  value: 'FILE',
  about: 'the file to read (default: weft.config.* here; WEFT_CONFIG)',
};
const watch: Flag = {
  name: 'watch',
  value: null,
  about: 'reload when the file, or one that it imports, changes',
};
const workers: Flag = {
  name: 'workers',
  value: 'N',
  about: 'threads that move bytes (default: the usable CPUs; WEFT_WORKERS)',
};
const admin: Flag = {
  name: 'admin',
  value: 'ADDRESS',
  about: "address of the admin server, or 'off' (WEFT_ADMIN)",
};
const logLevel: Flag = {
  name: 'log-level',
  value: 'LEVEL',
  about: 'trace, debug, info, warn, error or silent (WEFT_LOG_LEVEL)',
};
const json: Flag = { name: 'json', value: null, about: 'print JSON' };

const noArguments = { arguments: '', argumentsMin: 0, argumentsMax: 0 } as const;

export const commands = [
  {
    name: 'run',
    summary: 'run the proxy as a configuration file describes it',
    ...noArguments,
    flags: [config, watch, workers, admin, logLevel],
    example: 'weft run --config /etc/weft/weft.config.ts --watch',
    details: [
      'SIGHUP reloads the configuration; a bad one changes nothing and says why.',
      'SIGTERM and SIGINT drain: open connections finish, at the deadline the rest',
      'is reset. A second signal stops at once.',
      '',
      'A configuration, weft.config.ts:',
      '',
      "  import { defineConfig } from 'weft';",
      '',
      '  export default defineConfig({',
      "    listeners: [{ address: '127.0.0.1:8080', cluster: 'web' }],",
      "    clusters: { web: { endpoints: ['10.0.0.5:80', '10.0.0.6:80'] } },",
      '  });',
    ],
  },
  {
    name: 'forward',
    summary: 'forward one address to others, with no file at all',
    arguments: 'LISTEN TARGET [TARGET...]',
    argumentsMin: 2,
    argumentsMax: Number.POSITIVE_INFINITY,
    flags: [
      {
        name: 'balancer',
        value: 'NAME',
        about: 'p2cEwma (default), roundRobin, leastConnections or random',
      },
      { name: 'access-log', value: null, about: 'a log line for each connection that ended' },
      workers,
      admin,
      logLevel,
    ],
    example: 'weft forward 127.0.0.1:8080 10.0.0.5:80 10.0.0.6:80',
    details: [
      "An address is '10.0.0.5:80', '[::1]:80' or 'unix:/run/app.sock'; a target may be",
      "a host name, 'db.internal:5432'. Connections, and requests of HTTP/1.1, are balanced",
      'over all addresses of the targets; one that cannot be reached is avoided. There is no',
      'admin server unless --admin gives its address.',
    ],
  },
  {
    name: 'check',
    summary: 'validate the configuration and print every problem',
    ...noArguments,
    flags: [config],
    example: 'weft check --config weft.config.ts',
    details: ['The exit code is 2 when there is a problem. Nothing is opened or started.'],
  },
  {
    name: 'print-config',
    summary: 'print the complete configuration with every default, as JSON',
    ...noArguments,
    flags: [config],
    example: 'weft print-config --config weft.config.ts',
    details: [
      'Durations are milliseconds and sizes are bytes. null means none. Variables',
      'such as WEFT_WORKERS count.',
    ],
  },
  {
    name: 'explain',
    summary: 'say where a request would go, and why not elsewhere',
    arguments: '[METHOD] URL',
    argumentsMin: 1,
    argumentsMax: 2,
    flags: [
      {
        name: 'header',
        short: 'H',
        value: 'NAME:VALUE',
        about: 'a header of the request; may be repeated',
        repeats: true,
      },
      { name: 'listener', value: 'NAME', about: 'who takes it (default: the first with routes)' },
      config,
      json,
    ],
    example: 'weft explain GET http://shop.example.com/cart -H x-user:beta',
    details: [
      'Prints the rule of the routes that fits, the backends with their shares, timeouts and',
      'retries, and for each other rule why it does not count. Nothing is opened or sent. A',
      "test of a configuration can ask the same: import { explain } from 'weft'.",
    ],
  },
  {
    name: 'health',
    summary: 'ask a running proxy whether it is ready, for health checks',
    ...noArguments,
    flags: [
      { name: 'live', value: null, about: 'ask /live: whether it answers, also while draining' },
      { name: 'timeout', value: 'MS', about: 'milliseconds to wait (default: 1000)' },
      {
        name: 'admin',
        value: 'ADDRESS',
        about: 'address of the admin server (default: 127.0.0.1:4191; WEFT_ADMIN)',
      },
    ],
    example: 'weft health --admin 127.0.0.1:4191',
    details: ['The exit code is 0 when it is, else 1. No configuration is read.'],
  },
  {
    name: 'demo',
    summary: 'start backends, a proxy and traffic, and show what it does',
    ...noArguments,
    flags: [
      { name: 'seconds', value: 'N', about: 'how long the traffic runs (default: 15)' },
      { name: 'json', value: null, about: 'print only the result, as JSON' },
      workers,
    ],
    example: 'weft demo --seconds 30',
    details: [
      'Three backends run, the same traffic goes to them directly and then through',
      'Weft, and one of them is killed and brought back. The exit code is 1 when',
      'anything was lost. It needs nothing but this package.',
    ],
  },
  {
    name: 'top',
    summary: 'show what a running proxy does: clusters, endpoints, routes, rates',
    ...noArguments,
    flags: [
      {
        name: 'admin',
        value: 'ADDRESS',
        about: 'the admin server to ask (default: 127.0.0.1:4191; WEFT_ADMIN)',
      },
      { name: 'interval', value: 'N', about: 'seconds between two looks (default: 1)' },
      { name: 'once', value: null, about: 'one table after one interval, then end' },
      { name: 'json', value: null, about: 'JSON, one object for each look' },
    ],
    example: 'weft top --admin 127.0.0.1:4191',
    details: [
      'A table that is drawn anew on a terminal; q or Ctrl-C ends it. Piped, one table',
      'for each look, without colour codes. Rates are over the interval; the connect time',
      'is the moving average that balancing goes by. A second table has the requests of',
      'HTTP by route, where there are any. For scripts:',
      '',
      '  weft top --once --json | jq .clusters[].endpoints[].connectionsNow',
    ],
  },
  {
    name: 'init',
    summary: 'install or remove the rules that lead traffic to a transparent sidecar',
    ...noArguments,
    flags: [
      {
        name: 'print',
        value: null,
        about: 'print the rules as nft reads them, and change nothing',
      },
      { name: 'undo', value: null, about: 'remove the rules, and nothing else' },
      { name: 'check', value: null, about: 'say whether traffic is taken; exit code 1 when not' },
      { name: 'uid', value: 'N', about: 'the user that Weft runs as (default: 2102)' },
      { name: 'inbound-port', value: 'N', about: 'where inbound connections go (default: 4143)' },
      { name: 'outbound-port', value: 'N', about: 'where outbound connections go (default: 4140)' },
      { name: 'admin-port', value: 'N', about: 'reached directly (default: 4191)' },
      { name: 'skip-inbound-ports', value: 'PORTS', about: 'inbound ports to leave alone' },
      { name: 'skip-outbound-ports', value: 'PORTS', about: 'outbound ports to leave alone' },
      { name: 'skip-inbound-subnets', value: 'NETS', about: 'sources to leave alone' },
      { name: 'skip-outbound-subnets', value: 'NETS', about: 'destinations to leave alone' },
    ],
    example: 'weft init --skip-inbound-ports 22 --skip-outbound-subnets 10.0.0.0/8,fd00::/8',
    details: [
      'The rules are nftables rules for IPv4 and IPv6 in a table of their own, inet weft,',
      'in the network namespace where this runs. Installing them again replaces them.',
      'Connections over the loopback interface and those of the user --uid are left',
      'alone. It needs the capability CAP_NET_ADMIN and the program nft; --print needs',
      'neither. PORTS and NETS are lists: 22,8000-8100 and 10.0.0.0/8,fd00::/8.',
      '',
      '  weft init --print                    what would be installed',
      '  weft init && weft init --check       install, and see that it is in force',
      '  weft init --undo                     as it was before',
    ],
  },
  {
    name: 'version',
    summary: 'print versions and what the kernel offers',
    ...noArguments,
    flags: [json],
    example: 'weft version --json',
    details: [],
  },
] as const satisfies readonly Command[];

export type CommandName = (typeof commands)[number]['name'];

export function findCommand(name: string): (Command & { readonly name: CommandName }) | undefined {
  return commands.find((command) => command.name === name);
}
