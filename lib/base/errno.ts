// Symbolic names of the kernel's error numbers, for labels and log lines.

import { constants } from 'node:os';

/** Two names share a number; these are the ones that Linux prints first. */
const preferred: Readonly<Record<string, true>> = { EAGAIN: true, EOPNOTSUPP: true };

const names = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) {
  if (!names.has(number) || preferred[name]) {
    names.set(number, name);
  }
}

/** `null` for 0, which is no error; the bare number as text when it has no name here. */
export function errnoName(errno: number): string | null {
  return errno === 0 ? null : (names.get(errno) ?? String(errno));
}
