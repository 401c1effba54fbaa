// `npm run format`: writes every file as the formatters want it. Arguments limit it to those paths.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { filesBelow, root } from './testing/context.mjs';
import { findProgram } from './testing/needs.mjs';

const paths = process.argv.slice(2);
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
const native = ['native', 'test', 'bench']
  .flatMap((folder) => filesBelow(folder, ['.h', '.cc', '.c']))
  .filter((path) => paths.length === 0 || paths.some((prefix) => path.startsWith(prefix)));

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const child = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (child.status !== 0) process.exitCode = 1;
}

if (native.length > 0) {
  if (findProgram('clang-format-19')) {
    run('clang-format-19', ['-i', ...native]);
  } else {
    process.stderr.write('clang-format-19 is missing, C++ is left as it is: apt-get install it.\n');
    process.exitCode = 1;
  }
}
// `check --write` also sorts imports; lint findings that need a decision are left to `npm run lint`.
run(process.execPath, [
  biome,
  'check',
  '--linter-enabled=false',
  '--write',
  ...(paths.length > 0 ? paths : ['.']),
]);
