// Runs clang-tidy-19 over every native source, in parallel. A file that passed is not looked at again
// until it, a header that it includes, or .clang-tidy changes.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './context.mjs';
import { buildNative, fromTool, inParallel } from './runners.mjs';

const folder = 'build-native/clang';
const cacheFile = join(root, folder, 'clang-tidy-passed.json');

/** The files of ours that an object was made from, as the compiler recorded them.
 * @param {{ directory: string, command: string, file: string }} command */
function inputsOf(command) {
  const object = command.command.match(/ -o (\S+)/)?.[1] ?? '';
  const depFile = join(command.directory, `${object}.d`);
  const text = existsSync(depFile) ? readFileSync(depFile, 'utf8') : command.file;
  return text.split(/\s+/).filter((path) => path.startsWith(root));
}

/** @param {{ directory: string, command: string, file: string }} command */
function fingerprint(command) {
  const hash = createHash('sha256').update(readFileSync(join(root, '.clang-tidy')));
  for (const path of inputsOf(command)) {
    if (existsSync(path)) hash.update(path).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** @param {import('./context.mjs').Context} context */
export async function runClangTidy(context) {
  const built = await buildNative(context, 'clang');
  if (!built.ok) return fromTool(built, 0);
  /** @type {{ directory: string, command: string, file: string }[]} */
  const commands = JSON.parse(readFileSync(join(root, folder, 'compile_commands.json'), 'utf8'));
  /** @type {Record<string, string>} */
  const cache = existsSync(cacheFile) ? JSON.parse(readFileSync(cacheFile, 'utf8')) : {};
  let failure = '';
  let failed = 0;
  await inParallel(commands, async (command) => {
    const print = fingerprint(command);
    if (cache[command.file] === print) return;
    const outcome = await context.exec('clang-tidy-19', ['-p', folder, '--quiet', command.file]);
    if (outcome.ok) {
      cache[command.file] = print;
    } else {
      failed += 1;
      failure += outcome.output;
    }
  });
  writeFileSync(cacheFile, JSON.stringify(cache));
  const passed = commands.length - failed;
  return failed > 0 ? { passed, failed, skipped: 0, failure } : { passed, failed, skipped: 0 };
}
