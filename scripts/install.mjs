// What `npm install` and `npm ci` run in a clone, and what a tarball runs when no prebuilt addon
// fits: compile the addon, then the TypeScript. Needs node with its headers, g++ or clang, make and
// python3; no network. `--addon` and `--ts` do one half, incrementally; the npm scripts use them.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** @param {string} text */
function say(text) {
  process.stdout.write(`weft: ${text}\n`);
}

/** Ends the process with one sentence and, above it, what the failing program printed.
 * @param {string} text
 * @param {string} [output]
 * @returns {never} */
function fail(text, output = '') {
  process.stderr.write(`${output}weft: ${text}\n`);
  process.exit(1);
}

/** Runs a Node program quietly; its output appears only when it fails.
 * @param {string} script
 * @param {string[]} args */
function runNode(script, args) {
  const child = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${child.stdout ?? ''}${child.stderr ?? ''}`;
  return { ok: child.status === 0, output: child.error ? `${child.error.message}\n` : output };
}

/** @param {string} request */
function resolveOrNull(request) {
  try {
    return require.resolve(request);
  } catch {
    return null;
  }
}

/** The prebuilt addon inside the tarball, when there is one and this node can load it. */
function findPrebuild() {
  if (!existsSync(join(root, 'prebuilds'))) return null;
  process.env['PREBUILDS_ONLY'] = '1';
  try {
    const path = require('node-gyp-build').resolve(root);
    const probe = `process.dlopen({ exports: {} }, ${JSON.stringify(path)})`;
    return spawnSync(process.execPath, ['-e', probe]).status === 0 ? path : null;
  } catch {
    return null;
  }
}

/** A tarball is installed without devDependencies: npm then names the node-gyp that it carries. */
function findNodeGyp() {
  return resolveOrNull('node-gyp/bin/node-gyp.js') ?? process.env['npm_config_node_gyp'] ?? null;
}

/** Headers beside the running node are the right ones, whatever a system-wide npmrc says. */
function nodedirArgs() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** The programs that compiling needs and that this machine lacks. */
function lackingTools() {
  // CXX may have a launcher such as ccache in front.
  const has = (/** @type {string} */ command) => {
    const [name = '', ...args] = command.split(/\s+/);
    return spawnSync(name, [...args, '--version']).status === 0;
  };
  const lacking = ['make', 'python3'].filter((name) => !has(name));
  if (!has(process.env['CXX'] ?? 'c++')) lacking.push('g++');
  return lacking;
}

/** @param {boolean} incremental */
function buildAddon(incremental) {
  if (process.platform !== 'linux') {
    say(`no addon for ${process.platform}: traffic needs Linux; defineConfig and check work here.`);
    return;
  }
  const prebuild = incremental ? null : findPrebuild();
  if (prebuild) {
    say('the prebuilt addon fits this machine; nothing to compile.');
    return;
  }
  const nodeGyp = findNodeGyp();
  if (!nodeGyp) {
    fail('node-gyp is missing, so the addon cannot be compiled. Run `npm install -g node-gyp`.');
  }
  const lacking = lackingTools();
  if (lacking.length > 0) {
    const hint = `On Debian: apt-get install ${lacking.join(' ')}`;
    fail(`compiling the addon needs ${lacking.join(', ')}. ${hint}.`);
  }
  const jobs = availableParallelism();
  const began = performance.now();
  say(`compiling the addon with ${jobs} jobs ...`);
  const verbs = incremental ? ['configure', 'build'] : ['rebuild'];
  for (const verb of verbs) {
    const { ok, output } = runNode(nodeGyp, [
      verb,
      '--loglevel=warn',
      '-j',
      String(jobs),
      ...nodedirArgs(),
    ]);
    if (!ok) {
      fail('the addon did not compile. It needs g++ 12, clang 16 or newer.', output);
    }
    if (output.includes('warning:')) process.stderr.write(output);
  }
  say(`addon compiled in ${((performance.now() - began) / 1000).toFixed(0)} s.`);
}

function buildTypeScript() {
  const manifest = resolveOrNull('typescript/package.json');
  const main = join(root, 'dist/cli/main.js');
  if (!manifest) {
    if (!existsSync(main)) fail('dist/ is missing and typescript is not installed. Run `npm ci`.');
    return;
  }
  const tsc = join(dirname(manifest), require(manifest).bin.tsc);
  const { ok, output } = runNode(tsc, ['-p', 'tsconfig.json', '--pretty', 'false']);
  if (!ok) fail('the TypeScript in lib/ did not compile.', output);
  if (existsSync(main)) chmodSync(main, 0o755);
  say('TypeScript compiled.');
}

const only = process.argv[2];
if (only !== '--ts') buildAddon(only === '--addon');
if (only !== '--addon') buildTypeScript();
