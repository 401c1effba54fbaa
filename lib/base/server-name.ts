// A name that clients of TLS ask for, or all names with one end: 'api.example.com', '*.example.com'.

import { isIP } from 'node:net';
import type { Parsed } from './parsed.ts';

/** As in DNS, and as long as SNI is compared. */
const nameLengthMax = 253;
/** The underscore is in use, whatever the standards say. */
const labelGrammar = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** In lower case. */
export function parseServerName(text: string): Parsed<string> {
  const name = text.toLowerCase();
  const wildcard = name.startsWith('*.');
  const labels = (wildcard ? name.slice(2) : name).split('.');
  if (isIP(name) !== 0 || name.startsWith('[')) {
    const hint = 'Clients that ask for an address send no name: leave hostnames out for them.';
    return { ok: false, code: 'bad-server-name', problem: 'an address is no host name', hint };
  }
  if (name.endsWith('.')) {
    const hint = `Write '${text.slice(0, -1)}'.`;
    return { ok: false, code: 'bad-server-name', problem: 'a dot at the end', hint };
  }
  if (name.length > nameLengthMax || !labels.every((label) => labelGrammar.test(label))) {
    const problem = 'expected a host name';
    const hint = name.includes('*')
      ? "A star stands for whole labels at the start: '*.example.com'. Leave hostnames out for all names."
      : "Like 'api.example.com' or '*.example.com'.";
    return { ok: false, code: 'bad-server-name', problem, hint };
  }
  return { ok: true, value: name };
}
