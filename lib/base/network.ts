// Networks as people write them: '10.0.0.0/8', 'fd00::/8', or one address, '10.0.0.5'. The text is made canonical,
// so that equal networks are equal strings. Makes no system call.

import { isIPv4, isIPv6 } from 'node:net';
import { bad, good, type Parsed } from './parsed.ts';

export interface Network {
  readonly type: 'ipv4' | 'ipv6';
  /** Canonical, without brackets; no bit is set behind the prefix. */
  readonly host: string;
  /** Bits that count: 0 to 32 or 128. */
  readonly prefix: number;
}

const expected = "expected a network such as '10.0.0.0/8', 'fd00::/8' or one address";

export function parseNetwork(text: string): Parsed<Network> {
  const [host = '', prefixText, more] = text.split('/', 3);
  const type = typeOf(host);
  if (type === null || more !== undefined) {
    return bad('bad-address', expected, hintFor(host));
  }
  const bitsMax = bitsOf(type);
  const prefix = prefixText === undefined ? bitsMax : Number(prefixText);
  if (!/^\d{1,3}$/.test(prefixText ?? '0') || prefix > bitsMax) {
    return bad('bad-address', `expected a length of 0 to ${bitsMax} after the slash`);
  }
  const value = bitsAsNumber(type, host);
  const kept = (value >> BigInt(bitsMax - prefix)) << BigInt(bitsMax - prefix);
  const network = { type, host: hostText(type, kept), prefix };
  if (kept !== value) {
    const problem = `there are bits set behind the first ${prefix}`;
    return bad('bad-address', problem, `Write '${formatNetwork(network)}'.`);
  }
  return good(network);
}

/** The canonical text; a network of one address is written without a length. */
export function formatNetwork({ type, host, prefix }: Network): string {
  return prefix === bitsOf(type) ? host : `${host}/${prefix}`;
}

/** True when every address of `inner` is one of `outer`. */
export function networkContains(outer: Network, inner: Network): boolean {
  if (outer.type !== inner.type || outer.prefix > inner.prefix) {
    return false;
  }
  const rest = BigInt(bitsOf(outer.type) - outer.prefix);
  return (
    bitsAsNumber(outer.type, outer.host) >> rest === bitsAsNumber(inner.type, inner.host) >> rest
  );
}

function bitsOf(type: Network['type']): number {
  return type === 'ipv4' ? 32 : 128;
}

function typeOf(host: string): Network['type'] | null {
  if (isIPv4(host)) {
    return 'ipv4';
  }
  return isIPv6(host) && !host.includes('%') && !isMapped(host) ? 'ipv6' : null;
}

function isMapped(host: string): boolean {
  return canonicalIpv6(host).startsWith('::ffff:');
}

function hintFor(host: string): string | null {
  const inner = /^\[(.*)\]$/.exec(host)?.[1];
  if (inner !== undefined && typeOf(inner) !== null) {
    return `Leave out the brackets: '${inner}'.`;
  }
  return isIPv6(host) && !host.includes('%') ? 'Write an IPv4 address in its own form.' : null;
}

function canonicalIpv6(host: string): string {
  return new URL(`http://[${host}]/`).hostname.slice(1, -1);
}

function bitsAsNumber(type: Network['type'], host: string): bigint {
  return type === 'ipv4' ? joined(host.split('.').map(Number), 8n) : joined(groupsOf(host), 16n);
}

function joined(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((sum, part) => (sum << bits) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address. */
function groupsOf(host: string): number[] {
  const [head = '', tail] = canonicalIpv6(host).split('::', 2);
  const read = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const first = read(head);
  const last = read(tail ?? '');
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function hostText(type: Network['type'], value: bigint): string {
  const count = type === 'ipv4' ? 4 : 8;
  const bits = type === 'ipv4' ? 8n : 16n;
  const mask = (1n << bits) - 1n;
  const parts = Array.from({ length: count }, (_, index) =>
    Number((value >> (bits * BigInt(count - 1 - index))) & mask),
  );
  return type === 'ipv4'
    ? parts.join('.')
    : canonicalIpv6(parts.map((part) => part.toString(16)).join(':'));
}
