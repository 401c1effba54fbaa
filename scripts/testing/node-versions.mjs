// Runs tests on other Node versions, with the addon that was built here. The binaries come from npm's
// own packages of Node and are kept in the user's cache folder, outside the work tree.

import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { runNodeTests } from './runners.mjs';

/** @typedef {import('./context.mjs').Context} Context */

export const NODE_MAJORS = [20, 22, 24, 26];

/** The path of a node, of this machine's architecture or of another one.
 * @param {Context} context @param {number} major @param {string} [arch] @returns {Promise<string>} */
export async function fetchNode(context, major, arch = process.arch) {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const suffix = arch === process.arch ? '' : `-${arch}`;
  const folder = join(cache, 'weft', `node-${major}${suffix}`);
  const name = `node-linux-${arch}`;
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  // Without --force npm installs nothing for another architecture.
  const foreign = arch === process.arch ? [] : ['--force', '--ignore-scripts'];
  const args = ['install', '--no-save', ...foreign, '--prefix', folder, `${name}@${major}`];
  const installed = await context.exec('npm', args, { cwd: folder });
  if (!installed.ok || !existsSync(binary)) throw new Error(`npm has no ${name}@${major}`);
  return binary;
}

/** Each test file runs on each version; the prefix of a failure says on which.
 * @param {Context} context
 * @param {string[]} sources
 * @returns {Promise<import('./runners.mjs').Result>} */
export async function runOnNodeVersions(context, sources) {
  let failure = '';
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const major of NODE_MAJORS) {
    const node = await fetchNode(context, major);
    const version = await context.exec(node, ['--version']);
    // Children that tests start through PATH are of the same version.
    const env = { PATH: `${join(node, '..')}:${process.env['PATH']}` };
    const result = await runNodeTests(context, sources, { node, env });
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped;
    if (result.failure) failure += `on Node ${version.output.trim()}:\n${result.failure}\n`;
  }
  return failure ? { ...total, failure } : total;
}
