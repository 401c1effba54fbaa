// The kinds of groups: node:test files, GoogleTest programs, fuzzers, and tools over files. Each
// returns counts; a tool counts the files that it looked at, so that "saw nothing" is visible.

import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { filesBelow, root } from './context.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./context.mjs').Counts & { failure?: string }} Result */

/** Turns a tool's outcome into counts: all files passed, or one failure with its output.
 * @param {import('./context.mjs').Outcome} outcome
 * @param {number} seen
 * @returns {Result} */
export function fromTool(outcome, seen) {
  if (outcome.ok) return { passed: seen, failed: 0, skipped: 0 };
  return { passed: 0, failed: 1, skipped: 0, failure: outcome.output };
}

/** Runs commands one after the other until one fails; `seen` is what a success counts for.
 * @param {(() => Promise<import('./context.mjs').Outcome>)[]} steps
 * @param {number} seen */
export async function runSteps(steps, seen) {
  let last = { ok: true, output: '' };
  for (const step of steps) {
    last = await step();
    if (!last.ok) break;
  }
  return fromTool(last, seen);
}

/** @param {string} output @returns {Result} */
function readNodeCounts(output) {
  const line = output.split('\n').findLast((text) => text.startsWith('weft-test: '));
  if (!line) return { passed: 0, failed: 1, skipped: 0, failure: output };
  const counts = JSON.parse(line.slice('weft-test: '.length));
  const failure = output
    .split('\n')
    .filter((text) => !/^(ok {3}|skip |note |weft-test: )/.test(text))
    .join('\n');
  return counts.failed > 0 ? { ...counts, failure } : counts;
}

/** Runs the compiled form of test files with `node --test`.
 * @param {Context} context
 * @param {string[]} sources paths of .test.ts files
 * @param {{ jobs?: number, env?: Record<string, string>, node?: string }} [options]
 * @returns {Promise<Result>} */
export async function runNodeTests(context, sources, options = {}) {
  if (sources.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const compiled = sources.map((path) => join('dist-test', path.replace(/\.ts$/, '.js')));
  const args = [
    '--test',
    '--enable-source-maps',
    `--test-concurrency=${options.jobs ?? 1}`,
    `--test-reporter=${join(root, 'scripts/testing/reporter.mjs')}`,
    '--test-reporter-destination=stdout',
    ...compiled,
  ];
  const env = options.env ?? {};
  const outcome = await context.exec(options.node ?? process.execPath, args, { env });
  const result = readNodeCounts(outcome.output);
  if (outcome.ok || result.failed > 0) return result;
  return { ...result, failed: result.failed + 1, failure: outcome.output };
}

/** @param {Context} context @param {string} variant @param {string[]} [targets] */
export function buildNative(context, variant, targets = []) {
  return context.node('scripts/cmake.mjs', [variant, ...targets]);
}

/** @param {string} output @param {string} word */
function sumOf(output, word) {
  const pattern = new RegExp(`\\[ +${word} +\\] (\\d+) tests?[.,]`, 'g');
  return [...output.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Builds a variant and runs its GoogleTest programs, one for each room, through ctest.
 * @param {Context} context
 * @param {string} variant
 * @param {Record<string, string>} [env]
 * @returns {Promise<Result>} */
export async function runGoogleTests(context, variant, env = {}) {
  const built = await buildNative(context, variant);
  if (!built.ok) return fromTool(built, 0);
  const args = ['--test-dir', join('build-native', variant), '--verbose'];
  const jobs = String(availableParallelism());
  const tests = await context.exec('ctest', [...args, '-j', jobs], { env });
  const passed = sumOf(tests.output, 'PASSED');
  const skipped = sumOf(tests.output, 'SKIPPED');
  if (tests.ok) return { passed, failed: 0, skipped };
  const failed = Math.max(1, sumOf(tests.output, 'FAILED'));
  return { passed, failed, skipped, failure: failingPart(tests.output) };
}

/** ctest prefixes each line with the number of the test; programs that passed say nothing of use.
 * @param {string} output */
function failingPart(output) {
  const lines = output.split('\n');
  const failing = new Set(
    lines.flatMap((line) => line.match(/^ *\d+\/\d+ Test +#(\d+): .*\*\*\*/)?.[1] ?? []),
  );
  return lines
    .filter((line) => failing.has(line.match(/^(\d+): /)?.[1] ?? '') || line.includes('***'))
    .join('\n');
}

/** Runs the simulation with the seeds from 1 on, as many programs at a time as there are processors.
 * @param {Context} context
 * @param {string} variant
 * @param {number} seedCount
 * @param {Record<string, string>} [env]
 * @returns {Promise<Result>} */
export async function runSimulation(context, variant, seedCount, env = {}) {
  const built = await buildNative(context, variant, ['simulate']);
  if (!built.ok) return fromTool(built, 0);
  const program = join('build-native', variant, 'test/simulate');
  const share = 50;
  const firsts = Array.from({ length: Math.ceil(seedCount / share) }, (_, i) => 1 + i * share);
  /** @type {Result} */
  const result = { passed: 0, failed: 0, skipped: 0 };
  await inParallel(firsts, async (first) => {
    const count = Math.min(share, seedCount + 1 - first);
    const outcome = await context.exec(program, [String(first), String(count)], { env });
    const [, passed, failed] = outcome.output.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
    result.passed += Number(passed ?? 0);
    result.failed += Number(failed ?? count);
    if (!outcome.ok) {
      result.failed = Math.max(result.failed, 1);
      result.failure = `${result.failure ?? ''}${outcome.output}\n`;
    }
  });
  return result;
}

/** Runs each fuzzer for a fixed time from its seeds; what it finds it keeps in build-native.
 * @param {Context} context
 * @param {number} secondsEach
 * @returns {Promise<Result>} */
export async function runFuzzers(context, secondsEach) {
  const built = await buildNative(context, 'asan');
  if (!built.ok) return fromTool(built, 0);
  const cases = ['build-native/asan/corpus'];
  const written = await context.node('dist-test/test/fuzz/write-cases.js', cases);
  if (!written.ok) return fromTool(written, 0);
  const names = filesBelow('test/fuzz', ['_fuzz.cc']).map((path) => basename(path, '_fuzz.cc'));
  /** @type {Result} */
  const result = { passed: 0, failed: 0, skipped: 0 };
  await inParallel(names, async (name) => {
    const folder = join('build-native/asan/corpus', name);
    mkdirSync(join(root, folder), { recursive: true });
    const seeds = join('test/fuzz/seeds', name);
    const limits = [`-max_total_time=${secondsEach}`, '-timeout=10', '-rss_limit_mb=2048'];
    const output = [`-artifact_prefix=build-native/asan/corpus/${name}-`, '-print_final_stats=1'];
    const folders = existsSync(join(root, seeds)) ? [folder, seeds] : [folder];
    const program = join('build-native/asan/fuzz', `fuzz_${name}`);
    const outcome = await context.exec(program, [...limits, ...output, ...folders]);
    if (outcome.ok) {
      result.passed += 1;
    } else {
      result.failed += 1;
      result.failure = `${result.failure ?? ''}${outcome.output.split('\n').slice(-60).join('\n')}`;
    }
  });
  return result;
}

/** As many at a time as there are processors.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<void>} work */
export async function inParallel(items, work) {
  const queue = [...items];
  const lanes = Array.from({ length: availableParallelism() }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  });
  await Promise.all(lanes);
}
