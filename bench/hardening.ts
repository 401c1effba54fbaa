// node dist-test/bench/hardening.js: what the protections of docs/security.md cost. Compiles the engine
// with bench/native/regress.cc twice, as it ships and without the protections, and counts instructions
// in user space for one connection and one message. Writes bench/results/hardening.json.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { countInstructions } from './regress/count.ts';
import { type Figures, units } from './regress/figures.ts';
import { describeRun } from './support/machine.ts';
import { resultsFolder, root } from './support/paths.ts';

const compiler = process.env['CXX'] ?? 'c++';
const jobs = 2;
const common = ['-std=c++20', '-O2', '-g1', '-fPIC', '-fno-exceptions', '-fno-rtti'];
const shipped = [...common, '-fvisibility=hidden', '-fvisibility-inlines-hidden'];

// The flags of native/target.gypi that protect; each alone is not measured, the sum is.
const protections = [
  '-D_GLIBCXX_ASSERTIONS',
  '-U_FORTIFY_SOURCE',
  '-D_FORTIFY_SOURCE=3',
  '-fstack-protector-strong',
  '-fstack-clash-protection',
  ...(process.arch === 'x64' ? ['-fcf-protection'] : ['-mbranch-protection=standard']),
];
const unprotected = [
  '-U_FORTIFY_SOURCE',
  '-fno-stack-protector',
  '-fno-stack-clash-protection',
  ...(process.arch === 'x64' ? ['-fcf-protection=none'] : ['-mbranch-protection=none']),
];

function sources(): string[] {
  const list = readFileSync(join(root, 'native', 'sources.txt'), 'utf8').split('\n');
  const native = list.filter((line) => line !== '' && !line.startsWith('#'));
  return [...native.map((path) => `native/${path}`), 'bench/native/regress.cc'];
}

function compile(args: readonly string[]): Promise<void> {
  const child = spawn(compiler, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${compiler} ended with ${status}`));
    });
  });
}

async function buildWith(flags: readonly string[], folder: string): Promise<string> {
  mkdirSync(folder);
  const waiting = sources().map((source, index) => ({
    source,
    object: join(folder, `${index}.o`),
  }));
  const objects = waiting.map(({ object }) => object);
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await compile([...shipped, ...flags, '-Inative', '-c', next.source, '-o', next.object]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const program = join(folder, 'regress');
  await compile([...objects, '-Wl,-z,now', '-pthread', '-o', program]);
  return program;
}

function report(withThem: Figures, without: Figures) {
  return units.map((unit) => {
    const [before, now] = [without[unit].instructions, withThem[unit].instructions];
    const cost = `${((now / before - 1) * 100).toFixed(1)} %`;
    process.stdout.write(`${unit}: ${now} instructions with them, ${before} without: ${cost}\n`);
    return { unit, protected: now, unprotected: before, cost };
  });
}

const folder = mkdtempSync(join(tmpdir(), 'weft-hardening-'));
try {
  const withThem = countInstructions(await buildWith(protections, join(folder, 'protected')));
  const without = countInstructions(await buildWith(unprotected, join(folder, 'unprotected')));
  const figures = report(withThem, without);
  const provenance = describeRun('npm run bench:hardening');
  const path = join(resultsFolder, 'hardening.json');
  const content = { ...provenance, compiler, protections, unprotected, figures };
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  process.stdout.write(`written: ${relative(root, path)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
