// Where things are, seen from the compiled bench (dist-test/bench/...).

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error('no package.json above the bench');
  }
}

// The repository.
export const root = findRoot();

export const resultsFolder = join(root, 'bench', 'results');

// Compiled load programs and, when asked for, an installed Envoy: outside the repository.
export const cacheFolder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'weft-bench',
);

// The built command line; absent until `npm run build`.
export const weftMain = join(root, 'dist', 'cli', 'main.js');
