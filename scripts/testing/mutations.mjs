// Applies each patch of test/mutations to a copy of the tree and expects the test that it names to
// fail. The copy lives in build-native/mutations and is rebuilt incrementally.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { filesBelow, root } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {{ name: string, file: string, guard: string, caughtBy: string }} Mutation */

const copy = join(root, 'build-native/mutations');

/** @returns {Mutation[]} */
function readMutations() {
  const wanted = process.env['WEFT_MUTATIONS'] ?? '';
  return filesBelow('test/mutations', ['.patch'])
    .filter((file) => basename(file).includes(wanted))
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const guard = text.match(/^Guard: (.+)$/m)?.[1];
      const caughtBy = text.match(/^Caught by: (.+)$/m)?.[1];
      if (!guard || !caughtBy)
        throw new Error(`${file}: needs the lines "Guard:" and "Caught by:".`);
      return { name: basename(file, '.patch'), file, guard, caughtBy };
    });
}

/** Copies what git would take, keeping times, so that an unchanged file is not compiled again; what
 * it would not take any more goes. */
function refreshCopy() {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const paths = execFileSync('git', list, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)));
  for (const path of paths) {
    const from = join(root, path);
    const to = join(copy, path);
    if (!existsSync(to) || !readFileSync(from).equals(readFileSync(to))) {
      mkdirSync(dirname(to), { recursive: true });
      cpSync(from, to);
    }
  }
  const taken = new Set(paths);
  for (const folder of ['native', 'lib', 'test', 'bench']) {
    for (const name of readdirSync(join(copy, folder), { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      if (!taken.has(path) && statSync(join(copy, path)).isFile()) rmSync(join(copy, path));
    }
  }
  if (!existsSync(join(copy, 'node_modules'))) {
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  }
}

/** The steps that build and run the test which a mutation names, inside the copy.
 * @param {Context} context @param {string} caughtBy */
function testSteps(context, caughtBy) {
  const simulated = caughtBy.match(/^simulation (\d+) seeds$/);
  const native = caughtBy.match(/^native (\w+) (\S+)$/);
  const node = (/** @type {string[]} */ args) =>
    context.exec(process.execPath, args, { cwd: copy });
  if (native) {
    const program = join(copy, 'build-native/release/test', `test_${native[1]}`);
    return {
      build: () => node(['scripts/cmake.mjs', 'release', `test_${native[1]}`]),
      run: () =>
        context.exec('timeout', ['--signal=KILL', '60', program, `--gtest_filter=${native[2]}`], {
          cwd: copy,
        }),
      ran: /\[==========\] [1-9]\d* tests? from/,
    };
  }
  if (simulated) {
    const program = join(copy, 'build-native/release/test/simulate');
    return {
      build: () => node(['scripts/cmake.mjs', 'release', 'simulate']),
      run: () =>
        context.exec('timeout', ['--signal=KILL', '300', program, '1', String(simulated[1])], {
          cwd: copy,
        }),
      ran: /^[1-9]\d* passed/m,
    };
  }
  const compiled = join('dist-test', caughtBy.replace(/\.ts$/, '.js'));
  return {
    build: async () => {
      const addon = await node(['scripts/install.mjs', '--addon']);
      if (!addon.ok) return addon;
      const scripts = await node(['scripts/install.mjs', '--ts']);
      return scripts.ok
        ? node(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json'])
        : scripts;
    },
    run: () =>
      context.exec('timeout', ['--signal=KILL', '180', process.execPath, '--test', compiled], {
        cwd: copy,
      }),
    ran: /^# tests [1-9]|ℹ tests [1-9]/m,
  };
}

/** @param {Context} context @param {Mutation} mutation @returns {Promise<string>} empty when caught */
async function tryMutation(context, mutation) {
  const { build, run, ran } = testSteps(context, mutation.caughtBy);
  const patch = (/** @type {string[]} */ extra) =>
    context.exec('patch', ['-p1', '--batch', ...extra, '-i', join(root, mutation.file)], {
      cwd: copy,
    });
  if (!(await build()).ok) return 'the tree without the patch does not build';
  const whole = await run();
  if (!whole.ok || !ran.test(whole.output))
    return `without the patch ${mutation.caughtBy} does not pass`;
  if (!(await patch(['--forward', '--fuzz=0'])).ok) {
    refreshCopy();
    return 'the patch does not apply';
  }
  const built = await build();
  const mutant = built.ok ? await run() : built;
  await patch(['--reverse']);
  if (!built.ok) return 'the mutant does not compile';
  return mutant.ok ? `${mutation.caughtBy} passes all the same` : '';
}

/** @param {Context} context */
export async function runMutations(context) {
  let failure = '';
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const mutation of readMutations()) {
    refreshCopy();
    const problem = await tryMutation(context, mutation);
    context.log(`mutation ${mutation.name}: ${problem || 'caught'}\n`);
    if (problem) {
      counts.failed += 1;
      failure += `${mutation.name}: ${problem} (${mutation.guard})\n`;
    } else {
      counts.passed += 1;
    }
  }
  return failure ? { ...counts, failure } : counts;
}
