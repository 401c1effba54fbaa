// Addresses as people write them: '10.0.0.5:80', '[::1]:80', 'unix:/run/app.sock'. The text is made
// canonical, so that equal addresses are equal strings; native/base/address.cc reads the same grammar.
// Makes no system call and asks no name server.

import { isIPv4, isIPv6 } from 'node:net';
import { bad, good, type Parsed } from './parsed.ts';

export interface IpAddress {
  readonly type: 'ipv4' | 'ipv6';
  /** Canonical and without brackets; an IPv6 scope stays on it: `fe80::1%2`. */
  readonly host: string;
  readonly port: number;
}

export interface UnixAddress {
  readonly type: 'unix';
  readonly path: string;
}

export type Address = IpAddress | UnixAddress;

/** sun_path has 108 bytes and ends in a zero. */
const unixPathBytesMax = 107;
const unixPrefix = 'unix:';
const expected = "expected an address such as '10.0.0.5:80', '[::1]:80' or 'unix:/run/app.sock'";

/** Port 0 parses; whoever cannot use it says so. `localhost` is 127.0.0.1. */
export function parseAddress(text: string): Parsed<Address> {
  if (text.startsWith(unixPrefix)) {
    return parseUnix(text.slice(unixPrefix.length));
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)/i.exec(text);
  if (scheme) {
    return bad('bad-address', expected, `Leave out '${scheme[1]}://': '${scheme[2]}'.`);
  }
  const colon = text.lastIndexOf(':');
  if (colon < 0 || isIPv6(text)) {
    return withoutPort(text);
  }
  return parseIp(text.slice(0, colon), text.slice(colon + 1));
}

/** The canonical text; parseAddress reads it back as an equal address. */
export function formatAddress(address: Address): string {
  switch (address.type) {
    case 'unix':
      return `${unixPrefix}${address.path}`;
    case 'ipv6':
      return `[${address.host}]:${address.port}`;
    case 'ipv4':
      return `${address.host}:${address.port}`;
  }
}

/** True for the addresses that stand for all of the host's: 0.0.0.0 and [::]. */
export function isWildcard(address: Address): boolean {
  return address.type !== 'unix' && (address.host === '0.0.0.0' || address.host === '::');
}

/** True for addresses that only this host can reach. A unix socket is one. */
export function isLoopback(address: Address): boolean {
  return address.type === 'unix' || address.host === '::1' || /^127\./.test(address.host);
}

function parseUnix(path: string): Parsed<Address> {
  if (!path.startsWith('/')) {
    const hint =
      path === '' ? null : `Write the whole path: 'unix:/run/${path.replace(/^[./@]+/, '')}'.`;
    return bad('bad-address', "expected an absolute path after 'unix:'", hint);
  }
  if (path.startsWith('//')) {
    return bad(
      'bad-address',
      "expected one slash after 'unix:'",
      `Write 'unix:${path.replace(/^\/+/, '/')}'.`,
    );
  }
  if (path.includes('\0')) {
    return bad('bad-address', 'the path of a unix socket cannot contain a zero byte');
  }
  if (Buffer.byteLength(path) > unixPathBytesMax) {
    const problem = `the path of a unix socket has at most ${unixPathBytesMax} bytes`;
    return bad('bad-address', problem, 'The kernel takes no longer one; use a shorter folder.');
  }
  return good({ type: 'unix', path });
}

function parseIp(host: string, portText: string): Parsed<Address> {
  const port = Number(portText);
  if (!/^\d{1,5}$/.test(portText) || port > 65_535) {
    return bad('bad-address', 'expected a port of 1 to 65535 after the last colon', null);
  }
  if (host === '' || host === '*') {
    const hint = `Write '0.0.0.0:${port}' for every IPv4 address, '[::]:${port}' for IPv6 and IPv4.`;
    return bad('bad-address', 'expected a host before the port', hint);
  }
  if (host === 'localhost') {
    return good({ type: 'ipv4', host: '127.0.0.1', port });
  }
  if (isIPv4(host)) {
    return good({ type: 'ipv4', host, port });
  }
  return parseBracketed(host, port);
}

function parseBracketed(host: string, port: number): Parsed<Address> {
  const inner = /^\[([^\]]*)\]$/.exec(host)?.[1];
  if (inner === undefined) {
    return notAnIp(host, port);
  }
  const [ip = '', scope] = inner.split('%', 2);
  if (!isIPv6(ip)) {
    return bad('bad-address', 'expected an IPv6 address between the brackets');
  }
  if (scope !== undefined && !/^[1-9]\d{0,8}$/.test(scope)) {
    const hint = `Write the interface's number, as 'ip link' shows it: '[${ip}%2]:${port}'.`;
    return bad('bad-address', "expected a number after '%'", hint);
  }
  const canonical = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped) {
    const bytes = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? '', 16));
    const ipv4 = bytes.flatMap((group) => [group >> 8, group & 255]).join('.');
    return bad(
      'bad-address',
      'an IPv4 address in IPv6 form is not read',
      `Write '${ipv4}:${port}'.`,
    );
  }
  return good({
    type: 'ipv6',
    host: scope === undefined ? canonical : `${canonical}%${scope}`,
    port,
  });
}

function notAnIp(host: string, port: number): Parsed<Address> {
  if (isIPv6(host)) {
    return bad('bad-address', expected, `Put the IPv6 address in brackets: '[${host}]:${port}'.`);
  }
  if (/^\d+(?:\.\d+)*$/.test(host)) {
    return bad(
      'bad-address',
      `'${host}' is not an IPv4 address`,
      'It has four numbers of 0 to 255.',
    );
  }
  if (/^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(host)) {
    const problem = `'${host}' is a host name, and only endpoints may be names`;
    return bad('host-name', problem, `Write its IP address, as 'getent hosts ${host}' shows it.`);
  }
  return bad('bad-address', expected);
}

function withoutPort(text: string): Parsed<Address> {
  if (/^\d{1,5}$/.test(text)) {
    return bad('bad-address', expected, `Add the host: '127.0.0.1:${text}'.`);
  }
  if (text.startsWith('/')) {
    return bad('bad-address', expected, `Write 'unix:${text}' for a unix socket.`);
  }
  if (isIPv6(text)) {
    const head = text.slice(0, text.lastIndexOf(':'));
    const meant = isIPv6(head) ? `[${head}]${text.slice(head.length)}` : `[${text}]:80`;
    return bad('bad-address', expected, `Put the IPv6 address in brackets: '${meant}'.`);
  }
  const hint = /^[\w.[\]:-]+$/.test(text) ? `Add the port: '${text}:80'.` : null;
  return bad('bad-address', expected, hint);
}
