// Weft as its users start it.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { weftMain } from '../../support/paths.ts';
import type { Peer } from './peer.ts';

export function weft(): Peer[] {
  if (!existsSync(weftMain)) return [];
  let version = 'unknown';
  try {
    const text = execFileSync(process.execPath, [weftMain, 'version'], { encoding: 'utf8' });
    version = /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? version;
  } catch {
    return []; // Built, but it does not run: `npm run build` says why.
  }
  return [
    {
      name: 'weft',
      kind: 'weft',
      version,
      command: ({ listen, target, threads }) => [
        process.execPath,
        weftMain,
        'forward',
        listen,
        target,
        '--workers',
        String(threads),
      ],
    },
  ];
}
