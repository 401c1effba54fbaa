// What the bench needs to know of a program that forwards TCP.

import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import type { Programs } from '../../support/programs.ts';
import type { RowName } from '../rows.ts';

// direct is no proxy at all; floor is what Weft is measured against; other peers are competitors.
export type PeerKind = 'direct' | 'floor' | 'weft' | 'competitor';

export interface StartRequest {
  readonly listen: string;
  readonly target: string;
  // Threads that move bytes: the same number for every peer.
  readonly threads: number;
  // Where configuration files may be written. It is removed with the bench.
  readonly folder: string;
}

export interface Peer {
  readonly name: string;
  readonly kind: PeerKind;
  readonly version: string;
  // Why these settings, or what makes the comparison unequal; printed below the table.
  readonly note?: string;
  // Rows in which it makes sense; all of them if absent.
  readonly rows?: readonly RowName[];
  // Where the load connects to reach the target; where the peer listens if absent.
  address?(target: string): string;
  // The command that forwards `listen` to `target` in the foreground.
  command(request: StartRequest): string[];
}

export interface PeerSearch {
  readonly programs: Programs;
}

// Debian keeps servers outside a user's PATH.
export function findProgram(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of [...folders, '/usr/local/sbin', '/usr/sbin', '/sbin']) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return null;
}

// The first match of `pattern` in what the program prints about itself on stdout or stderr.
export function versionOf(program: string, args: readonly string[], pattern: RegExp): string {
  try {
    const command = `exec "$0" "$@" 2>&1`;
    const text = execFileSync('/bin/sh', ['-c', command, program, ...args], { encoding: 'utf8' });
    return pattern.exec(text)?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
