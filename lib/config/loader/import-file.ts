// Imports a configuration file, in the child process. Node does it itself where it can; jiti, which reads any
// mixture of TypeScript, ES modules and CommonJS, takes what Node cannot: TypeScript on Node 20, enums, imports
// without extension, ES modules below a package.json of type commonjs. Its syntax errors name the line.

import * as module from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { placeInFrames } from './failure.ts';

export interface Import {
  readonly file: string;
  /** file: URL of what `weft` is. */
  readonly indexUrl: string;
  /** Folder of the running package: errors from there are not the file's. */
  readonly ownFolder: string;
  /** Everything that was imported is added here. */
  readonly files: Set<string>;
}

export interface Imported {
  readonly exported: unknown;
  readonly hasDefault: boolean;
}

export async function importFile(wanted: Import): Promise<Imported> {
  if (!nodeReads(wanted.file)) {
    return await importWithJiti(wanted);
  }
  try {
    return await importWithNode(wanted);
  } catch (error) {
    if (!jitiMayHelp(error, wanted.ownFolder)) {
      throw error;
    }
    return await importWithJiti(wanted);
  }
}

function nodeReads(file: string): boolean {
  const isTypeScript = ['.ts', '.mts'].includes(extname(file));
  return !isTypeScript || Boolean((process.features as { typescript?: unknown }).typescript);
}

const curableCodes: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_ESM',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'MODULE_NOT_FOUND',
]);

/** These arise while modules are linked, before any of the file has run, so that nothing runs twice. */
function jitiMayHelp(error: unknown, ownFolder: string): boolean {
  if (error instanceof SyntaxError) {
    const isOfImports = error.message.includes('does not provide an export named');
    return !isOfImports && placeInFrames(error.stack ?? '', ownFolder) === null;
  }
  return error instanceof Error && curableCodes.has((error as NodeJS.ErrnoException).code);
}

async function importWithNode({ file, indexUrl, files }: Import): Promise<Imported> {
  const collect = installHooks(indexUrl, files);
  try {
    return unwrap(await import(pathToFileURL(file).href));
  } finally {
    collect();
  }
}

type ResolveNext = (specifier: string, context?: unknown) => { readonly url: string };

/** Of Node 22.15 and later; the types of the oldest supported Node do not have it. */
interface SyncHooks {
  registerHooks?(hooks: {
    resolve(specifier: string, context: unknown, next: ResolveNext): object;
  }): unknown;
}

/** Returns a function that brings in what a hooks thread has reported so far. */
function installHooks(indexUrl: string, files: Set<string>): () => void {
  const { registerHooks } = module as unknown as SyncHooks;
  if (registerHooks !== undefined) {
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === 'weft') {
          return { url: indexUrl, shortCircuit: true };
        }
        const resolved = next(specifier, context);
        addUrl(resolved.url, files);
        return resolved;
      },
    });
    return () => undefined;
  }
  const { port1, port2 } = new MessageChannel();
  module.register(new URL('./hooks.js', import.meta.url), {
    data: { indexUrl, port: port2 },
    transferList: [port2],
  });
  return () => {
    for (
      let got = receiveMessageOnPort(port1);
      got !== undefined;
      got = receiveMessageOnPort(port1)
    ) {
      addUrl(String(got.message), files);
    }
    port1.close();
  };
}

function addUrl(url: string, files: Set<string>): void {
  if (url.startsWith('file:')) {
    files.add(fileURLToPath(url));
  }
}

async function importWithJiti({ file, indexUrl, files }: Import): Promise<Imported> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, {
    alias: { weft: fileURLToPath(indexUrl) },
    // Nothing may be written beside a configuration, and each load reads everything again.
    fsCache: false,
    interopDefault: false,
  });
  const before = new Set(Object.keys(jiti.cache));
  try {
    return unwrapCommonJs(await jiti.import(file));
  } finally {
    for (const path of Object.keys(jiti.cache).filter((path) => !before.has(path))) {
      files.add(path);
    }
  }
}

/** jiti gives the exports of a CommonJS file as they are; of an ES module they are marked. */
function unwrapCommonJs(namespace: unknown): Imported {
  const exported = asModule(namespace);
  const isCommonJs =
    exported !== null && exported['__esModule'] !== true && !('default' in exported);
  return isCommonJs && Object.keys(exported).length > 0
    ? { exported, hasDefault: true }
    : unwrap(namespace);
}

/** A module compiled to CommonJS has its default export inside the default export. */
function unwrap(namespace: unknown): Imported {
  const outer = asModule(namespace);
  if (outer === null || !('default' in outer)) {
    return { exported: undefined, hasDefault: false };
  }
  const inner = asModule(outer['default']);
  const compiled = inner !== null && outer['__esModule'] === true && 'default' in inner;
  return { exported: compiled ? inner['default'] : outer['default'], hasDefault: true };
}

function asModule(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}
