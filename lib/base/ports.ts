// One port or a range of them, as people write it: '3306', '8000-8100'.

import type { Parsed } from './parsed.ts';

/** Both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function parsePorts(text: string): Parsed<PortRange> {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = match?.[2] === undefined ? first : Number(match[2]);
  if (match === null || first < 1 || last > 65_535) {
    const problem = "expected a port of 1 to 65535, or two with '-' between them";
    return { ok: false, code: 'bad-ports', problem, hint: null };
  }
  if (last < first) {
    const problem = 'the range ends before it begins';
    return { ok: false, code: 'bad-ports', problem, hint: `Write '${last}-${first}'.` };
  }
  return { ok: true, value: { first, last } };
}
