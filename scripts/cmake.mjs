// Drives the second build (CMakeLists.txt) through cmake-js: `node scripts/cmake.mjs VARIANT
// [TARGET...]` configures and builds build-native/VARIANT. Variants differ in compiler, sanitizer and
// what is built; VARIANTS below is the list. Nothing is downloaded when headers lie beside the
// running node; where they do not, cmake-js fetches them.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const nodePrefix = dirname(dirname(realpathSync(process.execPath)));

/** @typedef {{ about: string, clang: boolean, type: string, options: Record<string, string> }} Variant */

/** @type {Record<string, Variant>} */
export const VARIANTS = {
  release: {
    about: 'g++, as it ships: tests and benchmarks',
    clang: false,
    type: 'Release',
    options: { WEFT_BENCH: 'ON', CMAKE_CXX_FLAGS_RELEASE: '-O2 -g1' },
  },
  clang: {
    about: 'clang-19 with -Wunsafe-buffer-usage: library and addon, compile_commands.json',
    clang: true,
    type: 'Debug',
    options: { WEFT_TESTS: 'OFF', WEFT_ADDON: 'ON', CMAKE_CXX_FLAGS_DEBUG: '-O0' },
  },
  asan: {
    about: 'clang-19 with address and undefined-behaviour sanitizers: tests, fuzzers, addon',
    clang: true,
    type: 'RelWithDebInfo',
    options: {
      WEFT_SANITIZE: 'address',
      WEFT_FUZZ: 'ON',
      WEFT_ADDON: 'ON',
      CMAKE_CXX_FLAGS_RELWITHDEBINFO: '-O1 -gline-tables-only',
    },
  },
  tsan: {
    about: 'clang-19 with the thread sanitizer: tests, addon',
    clang: true,
    type: 'RelWithDebInfo',
    options: {
      WEFT_SANITIZE: 'thread',
      WEFT_ADDON: 'ON',
      CMAKE_CXX_FLAGS_RELWITHDEBINFO: '-O1 -gline-tables-only',
    },
  },
};

/** @param {string} variant */
export function buildFolder(variant) {
  return join(root, 'build-native', variant);
}

/** @param {string} name @param {Variant} variant */
function cmakeJsArgs(name, variant) {
  const args = ['--directory', root, '--out', buildFolder(name), '--config', variant.type];
  args.push('--parallel', String(availableParallelism()), '--log-level', 'error', '--prefer-make');
  if (variant.clang) args.push('--cc', 'clang-19', '--cxx', 'clang++-19');
  const api = dirname(require.resolve('node-addon-api/package.json'));
  args.push(`--CDWEFT_NODE_INCLUDE=${join(nodePrefix, 'include/node')};${api}`);
  for (const [key, value] of Object.entries(variant.options)) args.push(`--CD${key}=${value}`);
  return args;
}

/** @param {string} target */
function buildStep(target) {
  return ['build', '--target', target];
}

/** Configures and builds; returns true when it worked. Output goes to this process's own.
 * @param {string} name
 * @param {string[]} targets */
export function buildVariant(name, targets) {
  const variant = VARIANTS[name];
  if (!variant)
    throw new Error(`no variant ${name}; there are ${Object.keys(VARIANTS).join(', ')}`);
  mkdirSync(buildFolder(name), { recursive: true });
  const cmakeJs = require.resolve('cmake-js/bin/cmake-js');
  const env = { ...process.env };
  if (existsSync(join(nodePrefix, 'include/node/node_api.h'))) {
    env['npm_config_nodedir'] = nodePrefix;
  }
  // `build` alone keeps the options of an earlier configuration.
  const steps = [['configure'], ...(targets.length > 0 ? targets : ['all']).map(buildStep)];
  for (const step of steps) {
    const args = [cmakeJs, ...step, ...cmakeJsArgs(name, variant)];
    const child = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
    if (child.status !== 0) return false;
  }
  return true;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [name, ...targets] = process.argv.slice(2);
  if (!name || !VARIANTS[name]) {
    const lines = Object.entries(VARIANTS).map(
      ([key, { about }]) => `  ${key.padEnd(9)}${about}\n`,
    );
    process.stderr.write(`usage: npm run cmake -- VARIANT [TARGET...]\n${lines.join('')}`);
    process.exit(2);
  }
  process.exit(buildVariant(name, targets) ? 0 : 1);
}
