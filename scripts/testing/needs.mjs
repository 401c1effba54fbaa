// What a group needs beside Node: programs or files, each with the Debian package that brings it.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** A program by name or a file by path, with the package that brings it; or something that this process may do.
 * @typedef {{ program?: string, file?: string, package: string }
 *   | { ability: string, has: () => boolean }} Need */

/** Network namespaces of one's own, with rules in them.
 * @type {Need} */
export const netnsNeed = {
  ability: 'root with network namespaces',
  has: () => process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0,
};

/** Debian keeps servers outside a user's PATH. */
function searchFolders() {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  folders.push('/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/games');
  const postgres = '/usr/lib/postgresql';
  if (existsSync(postgres)) {
    for (const version of readdirSync(postgres)) folders.push(join(postgres, version, 'bin'));
  }
  return folders.filter((folder) => folder !== '');
}

/** @param {string} name */
export function findProgram(name) {
  for (const folder of searchFolders()) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return null;
}

/** PATH with Debian's server folders, so that tests find what the check found. */
export function widePath() {
  return searchFolders().join(delimiter);
}

/** @param {Need[]} needs */
export function missing(needs) {
  return needs.filter((need) => {
    if ('ability' in need) return !need.has();
    return need.program ? findProgram(need.program) === null : !existsSync(need.file ?? '');
  });
}

/** @param {Need[]} needs */
export function packagesOf(needs) {
  return [...new Set(needs.flatMap((need) => ('package' in need ? [need.package] : [])))];
}

export function canInstall() {
  return (
    process.getuid?.() === 0 &&
    findProgram('apt-get') !== null &&
    process.env['WEFT_TEST_NO_INSTALL'] !== '1'
  );
}
