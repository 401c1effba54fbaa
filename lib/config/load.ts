// From a file and the environment to a Config: finds the file, reads it, lays variables and flags over it,
// checks and resolves. Every failure is a ConfigError with one readable sentence, or with all problems.

import { readFileSync, statSync } from 'node:fs';
import { extname, isAbsolute, join, relative, resolve as resolvePath } from 'node:path';
import { ConfigError, type ConfigIssue } from '../base/errors.ts';
import type { Config } from './config.ts';
import { parseJson } from './loader/json-file.ts';
import type { Loaded } from './loader/protocol.ts';
import { applyOverrides } from './overrides.ts';
import { resolve } from './resolve.ts';
import { invalidConfig, validate } from './validate.ts';

/** In the order in which they are looked for. */
export const configExtensions = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'] as const;

type Words = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** Path of the file; without it WEFT_CONFIG, else the first `weft.config.*` in `cwd`. */
  readonly file?: string | undefined;
  readonly cwd?: string;
  readonly env?: Words;
  /** Flags by name without dashes: `workers`, `admin`, `log-level`. */
  readonly flags?: Words;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path. */
  readonly file: string;
  /** The file and everything that it imports from outside of node_modules: a change of any calls for a reload. */
  readonly watchFiles: readonly string[];
}

export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const { cwd = process.cwd(), env = process.env, flags = {} } = options;
  const shown = (path: string) => showPath(path, cwd);
  const file = findConfigFile(cwd, options.file || env['WEFT_CONFIG']);
  const loaded = await read(file, shown);
  const overridden = applyOverrides(loaded.value, env, flags);
  const validated = validate(overridden.input, overridden.sources);
  const issues = allIssues(loaded, validated.ok ? [] : validated.issues);
  if (!validated.ok || issues.length > 0) {
    throw invalidConfig(shown(file), issues);
  }
  return { config: resolve(validated.config), file, watchFiles: loaded.files };
}

/** The absolute path of the file to read. Throws a ConfigError when there is none. */
export function findConfigFile(cwd: string, named: string | undefined): string {
  if (named) {
    return resolvePath(cwd, named);
  }
  const names = configExtensions.map((extension) => `weft.config.${extension}`);
  const found = names.find((name) => kindOf(join(cwd, name)) !== 'absent');
  if (found === undefined) {
    const message = `there is no weft.config.{${configExtensions.join(',')}} in ${cwd}. Write one, or name a file with --config FILE.`;
    throw new ConfigError('ERR_CONFIG_NOT_FOUND', message, { path: cwd });
  }
  return join(cwd, found);
}

async function read(file: string, shown: (path: string) => string): Promise<Loaded> {
  checkReadable(file, shown(file));
  if (extname(file) === '.json') {
    const value = parseJson(readFileSync(file, 'utf8'), shown(file));
    return { type: 'loaded', value, strange: [], files: [file] };
  }
  // Late: a JSON configuration needs no other process, and the module to start one costs memory.
  const { runConfigFile } = await import('./loader/run-child.ts');
  return await runConfigFile(file, shown);
}

function checkReadable(file: string, name: string): void {
  const kind = kindOf(file);
  if (kind === 'absent') {
    const message = `${name} does not exist. Check the path given with --config or WEFT_CONFIG.`;
    throw new ConfigError('ERR_CONFIG_NOT_FOUND', message, { path: name });
  }
  if (kind !== 'file') {
    const message = `${name} is ${kind}, not a file. Name the file in it: --config ${join(name, 'weft.config.ts')}.`;
    throw new ConfigError('ERR_CONFIG_UNREADABLE', message, { path: name });
  }
  if (!configExtensions.some((extension) => extname(file) === `.${extension}`)) {
    const message = `${name} has no known extension. Name it with one of .${configExtensions.join(', .')}.`;
    throw new ConfigError('ERR_CONFIG_UNREADABLE', message, { path: name });
  }
  try {
    readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${name} cannot be read (${reason}). Check its permissions.`;
    throw new ConfigError('ERR_CONFIG_UNREADABLE', message, { path: name, cause });
  }
}

/** A path that cannot be looked at counts as a file: reading it says why. */
function kindOf(path: string): 'absent' | 'file' | 'a folder' | 'a device' {
  try {
    const stats = statSync(path);
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'a folder' : 'a device';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'file';
  }
}

/** A strange value was left out; that its key is missing is the same problem and not said again. */
function allIssues(loaded: Loaded, issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  const strange = loaded.strange.map(({ path, what }): ConfigIssue => {
    const hint = 'A configuration is plain data; write the value itself.';
    return { code: 'not-data', path, problem: 'expected data', got: what, hint };
  });
  const paths = new Set(strange.map(({ path }) => path));
  return [...strange, ...issues.filter(({ path }) => !paths.has(path))];
}

function showPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}
