// The prebuilt addons: each of the right architecture, hardened, and loadable wherever Node 20 runs. Variables of the
// runner say which there are to be and where a node of each architecture lies (scripts/testing/packages.mjs).

import assert from 'node:assert/strict';
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  compareVersions,
  glibcFloor,
  highestVersion,
  readelf,
  shownSymbols,
  strangeLibraries,
} from '../support/elf.ts';
import { root } from '../support/weft.ts';

const machines: Readonly<Record<string, RegExp>> = {
  x64: /Machine: .*X86-64/,
  arm64: /Machine: .*AArch64/,
};
const archs = (process.env['WEFT_PREBUILD_ARCHS'] ?? process.arch).split(',');

test('there is one addon for each architecture, and nothing else', () => {
  const found = readdirSync(join(root, 'prebuilds'), { recursive: true }).map(String).sort();
  const wanted = archs.flatMap((arch) => [`linux-${arch}`, `linux-${arch}/weft.glibc.node`]);
  assert.deepEqual(
    wanted.filter((name) => !found.includes(name)),
    [],
  );
  assert.deepEqual(
    found.filter((name) => !/^linux-(x64|arm64)(\/weft\.glibc\.node)?$/.test(name)),
    [],
  );
});

for (const arch of archs) {
  const addon = join(root, `prebuilds/linux-${arch}/weft.glibc.node`);
  const node = realpathSync(process.env[`WEFT_NODE_${arch.toUpperCase()}`] ?? process.execPath);

  test(`${arch}: it is for this architecture, stripped, and shows only its entry points`, () => {
    assert.match(readelf('--file-header', addon), machines[arch] ?? /never/);
    assert.doesNotMatch(readelf('--sections', addon), /\.symtab|\.debug_/);
    assert.deepEqual(shownSymbols(addon), [
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ]);
  });

  test(`${arch}: it is hardened`, () => {
    assert.match(readelf('--dynamic', addon), /FLAGS.*\bNOW\b/);
    assert.match(readelf('--program-headers', addon), /GNU_RELRO/);
    assert.match(readelf('--program-headers', addon), /GNU_STACK +(0x\w+ +){5}RW +/);
    assert.match(readelf('--dyn-syms', addon), /__stack_chk_fail/);
  });

  test(`${arch}: it asks for glibc 2.28 and for no newer libstdc++ than node does`, () => {
    assert.match(readelf('--file-header', node), machines[arch] ?? /never/);
    assert.deepEqual(strangeLibraries(addon), []);
    const floors = { GLIBC: glibcFloor, GLIBCXX: highestVersion(node, 'GLIBCXX') };
    for (const [set, floor] of Object.entries(floors)) {
      const asked = highestVersion(addon, set);
      assert.ok(asked.length > 1, `asks for some ${set}`);
      assert.ok(compareVersions(asked, floor) <= 0, `asks for ${set}_${asked.join('.')}`);
    }
    // GCC 8, the compiler of every distribution that has glibc 2.28; it brings aligned allocation.
    assert.ok(compareVersions(highestVersion(addon, 'CXXABI'), [1, 3, 11]) <= 0);
  });
}
