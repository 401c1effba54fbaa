// Hands text to the program nft, after a look at whether it can work: the capability and the program are asked
// for first, so that what is missing is said by name and nothing has been tried.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ProxyError } from '../base/errors.ts';
import { hasTable } from './loaded.ts';
import { tableName } from './rules.ts';

/** Where Debian and others keep it, beside what PATH says: PATH of a user seldom has them. */
const usualFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** CAP_NET_ADMIN in linux/capability.h. */
const netAdminBit = 12n;
/** A listing of a table with thousands of skipped networks is well below this. */
const listingBytesMax = 16 * 1024 * 1024;

/** What this process has to change rules with. */
export interface Means {
  readonly isLinux: boolean;
  readonly hasCapability: boolean;
  /** The path of nft. */
  readonly nft: string | null;
}

export function meansOfThisProcess(): Means {
  const isLinux = process.platform === 'linux';
  return { isLinux, hasCapability: isLinux && hasNetAdmin(ownStatus()), nft: findNft() };
}

/** Reads the effective capabilities out of the text of /proc/PID/status. */
export function hasNetAdmin(status: string): boolean {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return hex !== undefined && ((BigInt(`0x${hex}`) >> netAdminBit) & 1n) === 1n;
}

/** The sentence about what is missing, or null when nothing is. */
export function whatIsMissing({ isLinux, hasCapability, nft }: Means): string | null {
  if (!isLinux) {
    return 'redirection needs Linux with nftables, and this is another system';
  }
  const capability = hasCapability
    ? null
    : 'the capability CAP_NET_ADMIN is missing (run it as root; in Kubernetes, add NET_ADMIN to the init container)';
  const program = nft === null ? "the program nft was not found (Debian's package nftables)" : null;
  const both = [capability, program].filter((text) => text !== null);
  return both.length === 0 ? null : both.join(', and ');
}

/** All or nothing. */
export function applyRules(text: string, means: Means): void {
  runNft(['-f', '-'], text, means);
}

/** The table as nft's JSON; null when there is none. */
export function listTable(means: Means): string | null {
  const tables = runNft(['-j', 'list', 'tables'], '', means);
  return hasTable(tables)
    ? runNft(['-j', 'list', 'table', ...tableName.split(' ')], '', means)
    : null;
}

function runNft(args: readonly string[], input: string, means: Means): string {
  const missing = whatIsMissing(means);
  if (missing !== null || means.nft === null) {
    throw new ProxyError('ERR_INTERCEPTION', `${missing}. Nothing was changed.`);
  }
  const child = spawnSync(means.nft, args, {
    input,
    encoding: 'utf8',
    maxBuffer: listingBytesMax,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  if (child.error !== undefined || child.status !== 0) {
    const why = child.error?.message ?? firstLine(child.stderr);
    const message = `nft refused: ${why}. Nothing was changed; 'weft init --print' shows the rules.`;
    throw new ProxyError('ERR_INTERCEPTION', message, { cause: child.error });
  }
  return child.stdout;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/^\S+:\d+:\S+: Error: /, '').replace(/[.\s]+$/, '');
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    // Without /proc there is no telling; the capability counts as missing and the message says so.
    return '';
  }
}

function findNft(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...usualFolders];
  for (const folder of folders.filter((name) => name !== '')) {
    const path = join(folder, 'nft');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return null;
}
