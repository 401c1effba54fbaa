// Compiles the floors and the load programs with the machine's own cc and c++, once for each state of
// their sources, into the cache folder.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder, root } from './paths.ts';

interface Recipe {
  readonly folder: string;
  readonly compiler: string;
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

const warnings = ['-Wall', '-Wextra'];
const cFlags = ['-std=c11', '-O2', ...warnings];
const cxxFlags = ['-std=c++20', '-O2', '-fno-exceptions', ...warnings];
const cc = process.env['CC'] ?? 'cc';
const cxx = process.env['CXX'] ?? 'c++';

const recipes = {
  copyFloor: { folder: 'floor', compiler: cc, sources: ['copy_floor.c'], flags: cFlags },
  spliceFloor: { folder: 'floor', compiler: cc, sources: ['splice_floor.c'], flags: cFlags },
  server: { folder: 'load', compiler: cxx, sources: ['server.cc', 'net.cc'], flags: cxxFlags },
  httpServer: {
    folder: 'load',
    compiler: cxx,
    sources: ['http_server.cc', 'http_reader.cc', 'net.cc'],
    flags: cxxFlags,
  },
  leash: {
    folder: 'load',
    compiler: cxx,
    sources: ['leash.cc', 'net.cc', 'process_tree.cc'],
    flags: cxxFlags,
  },
  client: {
    folder: 'load',
    compiler: cxx,
    sources: [
      'client.cc',
      'ping_pong.cc',
      'bulk.cc',
      'connect_rate.cc',
      'idle.cc',
      'open_loop.cc',
      'http_open_loop.cc',
      'http_reader.cc',
      'first_byte.cc',
      'histogram_check.cc',
      'net.cc',
      'process_tree.cc',
    ],
    flags: cxxFlags,
  },
} satisfies Record<string, Recipe>;

// Paths of the compiled programs.
export type Programs = Record<keyof typeof recipes, string>;

function fingerprint(recipe: Recipe): string {
  const hash = createHash('sha256').update([recipe.compiler, ...recipe.flags].join(' '));
  const folder = join(root, 'bench', recipe.folder);
  const headers = readdirSync(folder).filter((name) => name.endsWith('.h'));
  for (const name of [...recipe.sources, ...headers.sort()]) {
    hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function compile(name: string, recipe: Recipe): Promise<string> {
  const path = join(cacheFolder, 'programs', `${name}-${fingerprint(recipe)}`);
  if (existsSync(path)) return path;
  mkdirSync(join(cacheFolder, 'programs'), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const sources = recipe.sources.map((source) => join(root, 'bench', recipe.folder, source));
  // As make does: CXX may be a compiler behind a launcher, `ccache g++`.
  const [compiler = '', ...words] = recipe.compiler.trim().split(/\s+/);
  const child = spawn(compiler, [...words, ...recipe.flags, ...sources, '-o', unfinished], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', () => {
      reject(new Error(`${recipe.compiler} cannot be run: install a C and a C++ compiler (g++).`));
    });
    child.on('exit', resolve);
  });
  if (status !== 0) throw new Error(`${recipe.compiler} could not compile bench/${recipe.folder}.`);
  renameSync(unfinished, path);
  return path;
}

export async function buildPrograms(): Promise<Programs> {
  const entries: [string, string][] = [];
  for (const [name, recipe] of Object.entries(recipes)) {
    entries.push([name, await compile(name, recipe)]);
  }
  return Object.fromEntries(entries) as Programs;
}
