// A program that is to listen, on the CPU that it may use.

import { Leash } from './leash.ts';
import { waitUntilAccepting } from './ports.ts';
import type { Programs } from './programs.ts';

/** Resolves when it accepts; rejects with the last that it said when it does not. */
export async function startListening(
  programs: Programs,
  name: string,
  command: readonly string[],
  address: string,
  cpu: number | undefined,
): Promise<Leash> {
  const leash = new Leash(programs, command, { cpu });
  if (!(await waitUntilAccepting(address, () => leash.over))) {
    await leash.stop();
    const said = leash.output.trim().split('\n').slice(-3).join(' | ');
    throw new Error(`${name} does not accept on ${address}: ${said || 'it says nothing'}`);
  }
  return leash;
}
