// What the build makes: the hardening of the addon, what it asks of the machine that loads it, and that
// building needs no network. test/package looks at what ships.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  compareVersions,
  glibcFloor,
  highestVersion,
  neededLibraries,
  readelf,
  shownSymbols,
  strangeLibraries,
} from './support/elf.ts';

const root = join(import.meta.dirname, '../..');
const addon = join(root, 'build/Release/weft.node');
const nodeBinary = realpathSync(process.execPath);
const nodePrefix = dirname(dirname(nodeBinary));

function install(
  args: readonly string[],
  env: Record<string, string>,
): ReturnType<typeof spawnSync> {
  const clean = { ...process.env, ...env };
  delete clean['npm_config_nodedir'];
  delete clean['NODE_OPTIONS'];
  return spawnSync(process.execPath, [...args], { cwd: root, env: clean, encoding: 'utf8' });
}

test('the addon resolves every symbol when it is loaded, and its tables are read-only after', () => {
  assert.match(readelf('--dynamic', addon), /FLAGS.*\bNOW\b/);
  assert.match(readelf('--program-headers', addon), /GNU_RELRO/);
});

test('the addon has no executable stack', () => {
  assert.match(readelf('--program-headers', addon), /GNU_STACK +(0x\w+ +){5}RW +/);
});

test('the addon is compiled with stack protection', () => {
  assert.match(readelf('--dyn-syms', addon), /__stack_chk_fail/);
});

test('the addon shows nothing but the entry points of Node-API', () => {
  assert.deepEqual(shownSymbols(addon), [
    'napi_register_module_v1',
    'node_api_module_get_api_version_v1',
  ]);
});

test('the addon links only what every machine with Node has', () => {
  assert.deepEqual(strangeLibraries(addon), []);
  assert.ok(
    neededLibraries(addon).includes('libstdc++.so.6'),
    'libstdc++ must be shared with node',
  );
});

test('the addon asks for no newer C and C++ library than node does', () => {
  // Node 20 asks for GLIBC_2.28; a newer one on this machine must not raise what the addon needs.
  const floors = { GLIBC: glibcFloor, GLIBCXX: highestVersion(nodeBinary, 'GLIBCXX') };
  for (const [set, floor] of Object.entries(floors)) {
    const asked = highestVersion(addon, set);
    assert.ok(compareVersions(asked, floor) <= 0, `asks for ${set}_${asked.join('.')}`);
  }
});

test('building finds the headers beside node, with no nodedir set and no network', (t) => {
  if (!existsSync(join(nodePrefix, 'include/node/node_api.h'))) {
    t.skip('this node has no headers beside it');
    return;
  }
  const built = install(['scripts/install.mjs', '--addon'], {
    npm_config_globalconfig: '/dev/null',
    npm_config_userconfig: '/dev/null',
    npm_config_disturl: 'http://127.0.0.1:9/',
    npm_config_devdir: join(root, 'build/no-headers-here'),
  });
  assert.equal(built.status, 0, String(built.stderr));
  const used = readFileSync(join(root, 'build/config.gypi'), 'utf8');
  assert.match(used, new RegExp(`"nodedir": "${nodePrefix}"`));
});

test('on another system no addon is built, and the script says so', () => {
  const darwin = 'data:text/javascript,Object.defineProperty(process,"platform",{value:"darwin"})';
  const built = install(['--import', darwin, 'scripts/install.mjs', '--addon'], {});
  assert.equal(built.status, 0);
  assert.match(String(built.stdout), /^weft: no addon for darwin: .+\n$/);
});

test('the command is executable', () => {
  const main = join(root, 'dist/cli/main.js');
  assert.match(readFileSync(main, 'utf8'), /^#!\/usr\/bin\/env -S node [-\w=]+\n/);
  assert.notEqual(statSync(main).mode & 0o111, 0);
});

test('the lock file names no host but the public registry', () => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hosts = [...lock.matchAll(/"resolved": "([^"]+)"/g)].map(([, url]) => url ?? '');
  assert.deepEqual(
    hosts.filter((url) => !url.startsWith('https://registry.npmjs.org/')),
    [],
  );
  assert.ok((lock.match(/"integrity": "sha512-/g) ?? []).length >= 50);
});
