// The rules as nft reads them. One text is one transaction: the table is made if it is not there, removed with
// whatever it held, and written anew, so that applying twice is applying once and a failure changes nothing.

import { mergedNetworks, mergedPorts, type Redirection, type Skipped } from './redirection.ts';

export const tableName = 'inet weft';

/** Removes the table and nothing else, whether or not it is there. */
export const undoText = `add table ${tableName}\ndelete table ${tableName}\n`;

export function rulesText(redirection: Redirection): string {
  return `${undoText}table ${tableName} {
${inboundChain(redirection)}

${outboundChain(redirection)}
}
`;
}

/** What a host forwards for others is not its workload's: only what is addressed to it is taken. */
function inboundChain({ inboundPort, adminPort, inbound }: Redirection): string {
  const ports = [...inbound.ports, { first: adminPort, last: adminPort }];
  return chain('inbound', 'type nat hook prerouting priority -100; policy accept;', [
    'iifname "lo" return',
    'fib daddr type != local return',
    ...skips({ ...inbound, ports }, 'saddr'),
    `meta l4proto tcp redirect to :${inboundPort}`,
  ]);
}

/** What a workload sends to itself leaves by the loopback interface, whichever of its addresses it uses. */
function outboundChain({ uid, outboundPort, outbound }: Redirection): string {
  return chain('outbound', 'type nat hook output priority -100; policy accept;', [
    'oifname "lo" return',
    `meta skuid ${uid} return`,
    ...skips(outbound, 'daddr'),
    `meta l4proto tcp redirect to :${outboundPort}`,
  ]);
}

function skips({ ports, networks }: Skipped, end: 'saddr' | 'daddr'): string[] {
  const ranges = mergedPorts(ports).map(({ first, last }) =>
    first === last ? `${first}` : `${first}-${last}`,
  );
  const ipv4 = mergedNetworks(networks, 'ipv4');
  const ipv6 = mergedNetworks(networks, 'ipv6');
  return [
    ...(ranges.length === 0 ? [] : [`tcp dport ${setOf(ranges)} return`]),
    ...(ipv4.length === 0 ? [] : [`ip ${end} ${setOf(ipv4)} return`]),
    ...(ipv6.length === 0 ? [] : [`ip6 ${end} ${setOf(ipv6)} return`]),
  ];
}

function setOf(values: readonly string[]): string {
  return values.length === 1 ? `${values[0]}` : `{ ${values.join(', ')} }`;
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  const lines = [hook, ...rules].map((line) => `    ${line}`);
  return [`  chain ${name} {`, ...lines, '  }'].join('\n');
}
