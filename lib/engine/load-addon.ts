// Finds the compiled addon: what node-gyp built in the clone, or the prebuilt one in the package. Loaded only
// by commands that move bytes; everything else works where there is no addon.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError } from '../base/errors.ts';
import type { Addon } from '../contract/addon.ts';

/** Throws EngineError with ERR_ADDON_MISSING where there is none, or where it cannot be loaded. */
export function loadAddon(): Addon {
  if (process.platform !== 'linux') {
    throw new EngineError(
      'ERR_ADDON_MISSING',
      `Weft moves bytes on Linux only, and this is ${process.platform}; here 'weft check', 'weft explain' and ` +
        "'weft print-config' work. Use a Linux machine or container for this command.",
    );
  }
  const root = packageRoot(import.meta.dirname);
  try {
    const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as (dir: string) => Addon;
    return nodeGypBuild(root);
  } catch (error) {
    throw missing(root, error);
  }
}

/** The folder of the package that this file belongs to, from dist/ and from a test build alike. */
function packageRoot(from: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      return folder;
    }
  }
  return from;
}

/** The report of a node on musl names no version of glibc. */
function usesMusl(): boolean {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: unknown } };
  return header !== undefined && header.glibcVersionRuntime === undefined;
}

function missing(root: string, error: unknown): EngineError {
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const target = `${process.platform}-${process.arch}, Node ${process.versions.node}`;
  if (usesMusl()) {
    return new EngineError(
      'ERR_ADDON_MISSING',
      `the native addon needs glibc, and this node runs on musl (${target}), as on Alpine. ` +
        'Use an image with glibc: Debian, Ubuntu, or the one that the Dockerfile of Weft makes.',
      { path: root, cause: error },
    );
  }
  return new EngineError(
    'ERR_ADDON_MISSING',
    `the native addon for ${target} could not be loaded (${reason}). ` +
      `Run 'npm run build:native' in ${root}; it needs g++, make and python3.`,
    { path: root, cause: error },
  );
}
