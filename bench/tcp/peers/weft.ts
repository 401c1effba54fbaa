// Weft as its users start it.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { weftMain } from '../../support/paths.ts';
import { portOf } from '../../support/ports.ts';
import { farHost, redirectedHost } from '../far-side.ts';
import type { Peer } from './peer.ts';

export function weft(redirect: boolean): Peer[] {
  if (!existsSync(weftMain)) return [];
  let version = 'unknown';
  try {
    const text = execFileSync(process.execPath, [weftMain, 'version'], { encoding: 'utf8' });
    version = /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? version;
  } catch {
    return []; // Built, but it does not run: `npm run build` says why.
  }
  const plain: Peer = {
    name: 'weft',
    kind: 'weft',
    version,
    command: ({ listen, target, threads }) => [
      ...[process.execPath, weftMain, 'forward', listen, target, '--workers', String(threads)],
    ],
  };
  return redirect ? [plain, transparentWeft(version)] : [plain];
}

// A whole sidecar, as the user that the rules leave alone.
function transparentWeft(version: string): Peer {
  return {
    name: 'weft-redirected',
    kind: 'weft',
    version,
    note: 'connections come by the rules of weft init and go where they meant to',
    address: (target) => `${redirectedHost}:${portOf(target)}`,
    command: ({ listen, threads, folder }) => {
      const config = join(folder, 'transparent.json');
      chmodSync(folder, 0o755);
      const listener = { name: 'outbound', address: listen, transparent: true };
      const admin = null;
      writeFileSync(config, JSON.stringify({ workers: threads, listeners: [listener], admin }));
      const script = `"$0" "$1" init --outbound-port ${portOf(listen)} --skip-outbound-subnets ${farHost}/32 &&
        exec setpriv --reuid 2102 --regid 2102 --clear-groups "$0" "$1" run --config "$2"`;
      return ['sh', '-c', script, process.execPath, weftMain, config];
    },
  };
}
