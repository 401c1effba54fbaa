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

/** A plain node loads an addon built with the address sanitizer when the runtime came first. Leaks
 * are not looked for there: V8 keeps memory until the process ends.
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<Record<string, string>>} */
export async function asanAddonEnv(context) {
  const name = `libclang_rt.asan-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so`;
  const runtime = await context.exec('clang-19', [`-print-file-name=${name}`]);
  return {
    ...sanitizerEnv(),
    ASAN_OPTIONS: 'detect_leaks=0:strict_string_checks=1',
    LD_PRELOAD: runtime.output.trim(),
    WEFT_PREBUILD: join(root, 'build-native/asan'),
    WEFT_SANITIZE: 'address',
  };
}
