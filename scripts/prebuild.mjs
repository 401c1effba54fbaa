// `npm run prebuild`: the addon for each architecture into prebuilds/, which goes into the tarball, so that
// installing it compiles nothing. `--arch x64` makes one of them. An architecture that is not this machine's is
// cross-compiled with Debian's toolchain. node-gyp works in a folder of its own, so the addon of the clone stays.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findProgram } from './testing/needs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const prefix = dirname(dirname(realpathSync(process.execPath)));

/** Prefix of the programs of the toolchain that makes code for an architecture of Node's name. */
const toolchains = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** @typedef {keyof typeof toolchains} Arch */

/** @param {string} text @returns {never} */
function fail(text) {
  process.stderr.write(`weft: ${text}\n`);
  process.exit(1);
}

/** @param {Arch} arch @returns {Record<string, string>} */
function toolsFor(arch) {
  if (arch === process.arch) return {};
  const triple = toolchains[arch];
  if (findProgram(`${triple}-g++`) === null) {
    const hint = `On Debian: apt-get install g++-${triple.replace('_', '-')}`;
    fail(`compiling for ${arch} on ${process.arch} needs ${triple}-g++. ${hint}.`);
  }
  // A launcher such as ccache, which people put in front of CXX, stays in front.
  const launcher = /^(\S*ccache) /.exec(process.env['CXX'] ?? '')?.[1];
  const through = launcher ? `${launcher} ` : '';
  return {
    CC: `${through}${triple}-gcc`,
    CXX: `${through}${triple}-g++`,
    LINK: `${triple}-g++`,
    AR: `${triple}-ar`,
    PREBUILD_STRIP_BIN: `${triple}-strip`,
  };
}

/** What binding.gyp needs, in a folder where node-gyp may make its build/.
 * @param {Arch} arch */
function workFolder(arch) {
  const folder = join(root, 'build-native', `prebuild-${arch}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'binding.gyp']) {
    copyFileSync(join(root, file), join(folder, file));
  }
  for (const name of ['native', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** @param {Arch} arch */
function prebuild(arch) {
  const cwd = workFolder(arch);
  const env = { ...process.env, ...toolsFor(arch) };
  if (existsSync(join(prefix, 'include/node/node_api.h'))) env['npm_config_nodedir'] = prefix;
  const args = [join(root, 'node_modules/prebuildify/bin.js'), '--napi', '--strip', '--tag-libc'];
  args.push('--arch', arch, '--platform', 'linux', '--cwd', cwd, '--out', root);
  const child = spawnSync(process.execPath, args, { cwd, env, stdio: 'inherit' });
  if (child.status !== 0) fail(`the addon for linux-${arch} did not compile.`);
  process.stdout.write(`weft: prebuilds/linux-${arch} is made.\n`);
}

if (process.platform !== 'linux') fail('prebuilds are made on Linux.');
const [flag, wanted] = process.argv.slice(2);
const known = /** @type {Arch[]} */ (Object.keys(toolchains));
if (flag !== undefined && (flag !== '--arch' || !known.some((arch) => arch === wanted))) {
  fail(`usage: npm run prebuild [-- --arch ${known.join('|')}]`);
}
for (const arch of flag === undefined ? known : known.filter((name) => name === wanted)) {
  prebuild(arch);
}
