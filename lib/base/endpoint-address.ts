// Where an endpoint is, as people write it: an address, or a host name with a port ('db.internal:5432') that
// discovery looks up. Names are canonical too: small letters, a final dot kept because it says "no search domains".

import { type Address, formatAddress, parseAddress } from './address.ts';
import { bad, good, type Parsed } from './parsed.ts';

export interface NameAddress {
  readonly type: 'name';
  readonly name: string;
  readonly port: number;
}

/** RFC 1035 section 2.3.4, without the final dot. */
const nameCharsMax = 253;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Port 0 parses, as in parseAddress. */
export function parseEndpointAddress(text: string): Parsed<Address | NameAddress> {
  const split = /^([a-z0-9_.-]+):(\d{1,5})$/i.exec(text);
  const name = (split?.[1] ?? '').toLowerCase();
  // A last label of digits alone is a mistyped IPv4 address (RFC 1123 section 2.1); localhost is no question.
  if (split === null || name === 'localhost' || /(?:^|\.)\d+\.?$/.test(name)) {
    return parseAddress(text);
  }
  const port = Number(split[2]);
  if (port > 65_535) {
    return bad('bad-address', 'expected a port of 1 to 65535 after the last colon');
  }
  const bare = name.replace(/\.$/, '');
  if (bare.length > nameCharsMax || !bare.split('.').every((part) => label.test(part))) {
    const hint = 'Its parts have 1 to 63 letters, digits and - between dots, 253 in all.';
    return bad('bad-address', 'expected a host name such as db.internal before the port', hint);
  }
  return good({ type: 'name', name, port });
}

/** The canonical text; parseEndpointAddress reads it back as an equal address. */
export function formatEndpointAddress(address: Address | NameAddress): string {
  return address.type === 'name' ? `${address.name}:${address.port}` : formatAddress(address);
}
