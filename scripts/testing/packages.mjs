// Makes prebuilt addons and runs test/package on them: on the running node, or on every supported one and for every
// architecture. Tests are told by variables what there is.

import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { filesBelow, root } from './context.mjs';
import { fetchNode, NODE_MAJORS } from './node-versions.mjs';
import { fromTool, runNodeTests } from './runners.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./runners.mjs').Result} Result */

/** The Node whose arm64 binary runs under qemu: the oldest, which asks for the least. */
const armMajor = NODE_MAJORS[0] ?? 20;

/** What ships, on the node that runs this.
 * @param {Context} context @returns {Promise<Result>} */
export async function runPackageTests(context) {
  const made = await context.node('scripts/prebuild.mjs', ['--arch', process.arch]);
  if (!made.ok) return fromTool(made, 0);
  const sources = testsOf((path) => !path.endsWith('/arm64.test.ts'));
  return runNodeTests(context, sources, { env: { WEFT_PREBUILD_ARCHS: process.arch } });
}

/** What ships, for both architectures and on every version of Node.
 * @param {Context} context @returns {Promise<Result>} */
export async function runPackageMatrix(context) {
  const made = await context.node('scripts/prebuild.mjs', []);
  if (!made.ok) return fromTool(made, 0);
  const nodes = [];
  for (const major of NODE_MAJORS) nodes.push(await fetchNode(context, major));
  const env = {
    WEFT_PREBUILD_ARCHS: 'x64,arm64',
    WEFT_TEST_NODES: nodes.join(delimiter),
    WEFT_NODE_X64: await fetchNode(context, armMajor, 'x64'),
    WEFT_NODE_ARM64: await fetchNode(context, armMajor, 'arm64'),
  };
  linkOnlyPrebuild('arm64');
  return runNodeTests(
    context,
    testsOf(() => true),
    { env },
  );
}

/** A folder in which node-gyp-build finds the prebuilt addon and no other.
 * @param {string} arch */
function linkOnlyPrebuild(arch) {
  const folder = join(root, 'build-native', `prebuild-${arch}`, 'only');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(root, 'prebuilds'), join(folder, 'prebuilds'));
}

/** @param {(path: string) => boolean} wanted */
function testsOf(wanted) {
  return filesBelow('test/package', ['.test.ts']).filter(wanted);
}
