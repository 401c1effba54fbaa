// A valid configuration to spoil, and the codes and paths of what is found in it.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { checkConfig } from '../../../lib/config/validate.ts';

export type Json = Record<string, unknown>;

/** One listener, one cluster; `change` replaces parts of it. */
export function sample(change: Json = {}): Json {
  return { listeners: [listener()], clusters: { web: cluster() }, ...change };
}

export function listener(change: Json = {}): Json {
  return { address: '127.0.0.1:8080', cluster: 'web', ...change };
}

export function cluster(change: Json = {}): Json {
  return { endpoints: ['10.0.0.5:80'], ...change };
}

export function withListener(change: Json): Json {
  return sample({ listeners: [listener(change)] });
}

export function withCluster(change: Json): Json {
  return sample({ clusters: { web: cluster(change) } });
}

/** `code path` of each problem, in the order of discovery. */
export function problems(input: unknown): string[] {
  return checkConfig(input).map(({ code, path }) => `${code} ${path}`);
}

export function hints(input: unknown): string {
  return checkConfig(input)
    .map(({ hint }) => hint)
    .join('\n');
}

/** The folder with package.json, wherever the built tests lie. */
export const repoRoot = findRoot(import.meta.dirname);

function findRoot(folder: string): string {
  return existsSync(join(folder, 'scripts/generate-config.mjs'))
    ? folder
    : findRoot(dirname(folder));
}

/** A folder outside of the package with these files, gone after the tests. */
export function temporaryFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'weft-config-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const folders: string[] = [];

after(() => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});
