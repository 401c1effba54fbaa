// Original destinations as people write them in a cluster: '10.96.0.10:80', '10.1.0.0/16', '10.1.0.0/16:80',
// '[fd00::/8]:80', '*:5432'. Without a port all ports are meant. Makes no system call.

import { formatNetwork, type Network, parseNetwork } from './network.ts';
import { bad, good, type Parsed } from './parsed.ts';

export interface Destination {
  readonly network: Network;
  /** 0: all ports. */
  readonly port: number;
}

const portMax = 65_535;
const expected =
  "expected a destination such as '10.96.0.10:80', '10.1.0.0/16', '[fd00::/8]:80' or '*:5432'";

/** One text may stand for more than one: `*` is every IPv4 and every IPv6 address. */
export function parseDestination(text: string): Parsed<readonly Destination[]> {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const host = parts === null ? text : (parts[1] ?? parts[2] ?? '');
  const port = parts === null ? 0 : Number(parts[3]);
  if (parts !== null && (port === 0 || port > portMax)) {
    return bad('bad-address', 'expected a port of 1 to 65535 after the last colon');
  }
  if (host === '*') {
    const hint = "Write '*:5432', or leave destinations out and set `cluster` of the listener.";
    return port === 0
      ? bad('bad-address', 'expected a port after *', hint)
      : good([everywhere('ipv4', port), everywhere('ipv6', port)]);
  }
  const network = parseNetwork(host);
  if (!network.ok) {
    return network.problem.startsWith('expected a network')
      ? bad('bad-address', expected, network.hint)
      : network;
  }
  return good([{ network: network.value, port }]);
}

/** The same text for the same destination. */
export function formatDestination({ network, port }: Destination): string {
  const text = formatNetwork(network);
  if (port === 0) {
    return text;
  }
  return network.type === 'ipv6' ? `[${text}]:${port}` : `${text}:${port}`;
}

function everywhere(type: Network['type'], port: number): Destination {
  return { network: { type, host: type === 'ipv4' ? '0.0.0.0' : '::', prefix: 0 }, port };
}
