// Networks, as they cross to native code.

import { type Network, parseNetwork } from '../base/network.ts';
import type { NetworkSnapshot } from '../contract/snapshot.ts';
import { checked } from './units.ts';

export function resolveNetwork(text: string): NetworkSnapshot {
  return networkSnapshot(checked(parseNetwork(text)), 0);
}

export function networkSnapshot({ type, host, prefix }: Network, port: number): NetworkSnapshot {
  return { address: type === 'ipv4' ? `${host}:${port}` : `[${host}]:${port}`, prefixBits: prefix };
}
