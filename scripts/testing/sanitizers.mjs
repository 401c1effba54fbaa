// The environment of programs under a sanitizer. WEFT_SANITIZE tells tests that memory and time
// are not what they are otherwise.

import { join } from 'node:path';
import { root } from './context.mjs';

/** @returns {Record<string, string>} */
export function sanitizerEnv() {
  return {
    ASAN_OPTIONS: 'strict_string_checks=1:detect_stack_use_after_return=1:abort_on_error=0',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
    ASAN_SYMBOLIZER_PATH: '/usr/bin/llvm-symbolizer-19',
    TSAN_SYMBOLIZER_PATH: '/usr/bin/llvm-symbolizer-19',
  };
}

/** A plain node loads an addon built with a sanitizer when its runtime came first.
 * @param {import('./context.mjs').Context} context
 * @param {'asan' | 'tsan'} variant
 * @returns {Promise<Record<string, string>>} */
async function addonEnv(context, variant) {
  const name = `libclang_rt.${variant}-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so`;
  const runtime = await context.exec('clang-19', [`-print-file-name=${name}`]);
  return {
    ...sanitizerEnv(),
    LD_PRELOAD: runtime.output.trim(),
    WEFT_PREBUILD: join(root, 'build-native', variant),
  };
}

/** Leaks are not looked for there: V8 keeps memory until the process ends.
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<Record<string, string>>} */
export async function asanAddonEnv(context) {
  return {
    ...(await addonEnv(context, 'asan')),
    ASAN_OPTIONS: 'detect_leaks=0:strict_string_checks=1',
    WEFT_SANITIZE: 'address',
  };
}

/** Node is not built with it: of what node does only the calls of libc are seen, which is where the
 * addon and node meet. The code of V8 and libuv is none of ours, so that a race counts only when
 * one side of it is the addon.
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<Record<string, string>>} */
export async function tsanAddonEnv(context) {
  return {
    ...(await addonEnv(context, 'tsan')),
    TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1:ignore_noninstrumented_modules=1',
    WEFT_SANITIZE: 'thread',
  };
}
