// Builds bench/native/regress.cc and runs it under callgrind.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../support/paths.ts';
import { type Profile, parseCallgrind } from './callgrind.ts';
import { type Figure, type Figures, figureOf, type Unit, units } from './figures.ts';
import { type Picks, picksOf } from './picks.ts';

// What build() makes.
const folderOfPrograms = join(root, 'build-native', 'release', 'bench');
const built = join(folderOfPrograms, 'bench_regress');
const timeoutMs = 150_000;

export function build(): void {
  execFileSync(process.execPath, ['scripts/cmake.mjs', 'release', 'bench_regress', 'bench_picks'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

export function compilerVersion(): string {
  const cache = readFileSync(join(root, 'build-native', 'release', 'CMakeCache.txt'), 'utf8');
  const compiler = /^CMAKE_CXX_COMPILER:\w+=(.*)$/m.exec(cache)?.[1] ?? 'c++';
  return execFileSync(compiler, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? compiler;
}

type Counts = Record<Unit, { readonly count: number; readonly turns: number }>;

function figureFor(unit: Unit, profiles: readonly Profile[], counts: Counts): Figure {
  const profile = profiles.find(({ name }) => name === unit);
  if (profile === undefined) throw new Error(`callgrind wrote no dump named ${unit}`);
  return figureOf(profile, counts[unit].count);
}

// What the program printed, and its dumps.
function profile(program: string): { readonly output: string; readonly profiles: Profile[] } {
  const folder = mkdtempSync(join(tmpdir(), 'weft-regress-'));
  try {
    const options = ['--tool=callgrind', '--collect-atstart=no', '--quiet'];
    const output = execFileSync(
      'valgrind',
      [...options, `--callgrind-out-file=${join(folder, 'out')}`, program],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: timeoutMs },
    );
    const profiles = readdirSync(folder).map((name) =>
      parseCallgrind(readFileSync(join(folder, name), 'utf8')),
    );
    return { output, profiles };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function countInstructions(program = built): Figures {
  const { output, profiles } = profile(program);
  const counts = JSON.parse(output) as Counts;
  const entries = units.map((unit) => [unit, figureFor(unit, profiles, counts)] as const);
  return Object.fromEntries(entries) as Record<Unit, Figure>;
}

// Instructions of one pick, by balancer and number of endpoints.
export function countPicks(): Picks {
  const { output, profiles } = profile(join(folderOfPrograms, 'bench_picks'));
  return picksOf(profiles, Number(output));
}
