// The built `weft` command as a process of its own, as a user runs it: its log, its admin server, its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserConfig } from '../../lib/config/user-config.ts';
import { type HttpAnswer, type HttpQuestion, http } from './http.ts';
import { freePort } from './tcp.ts';
import { until } from './until.ts';

export const root = join(import.meta.dirname, '../../..');
export const mainScript = join(root, 'dist/cli/main.js');

/** Of Node, which its first line gives to who starts it by its name; so does the image. */
export function nodeFlags(): readonly string[] {
  const [line = ''] = readFileSync(mainScript, 'utf8').split('\n', 1);
  const [, flags = ''] = line.split(' -S node ');
  return flags.split(' ').filter((flag) => flag !== '');
}

export interface WeftOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Hard limit of descriptors. */
  readonly descriptorsMax?: number;
  /** A program with its arguments that starts the command, as setpriv does. */
  readonly through?: readonly string[];
}

/**
 * For `through`: a process without privileges. Root keeps its uid, because another could not read a clone that lies
 * in root's home.
 */
export const unprivileged: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

const children = new Set<ChildProcess>();
const folders = new Set<string>();
process.on('exit', () => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

export class Weft {
  readonly #child: ChildProcess;
  readonly lines: LogLine[] = [];
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ending>;
  #ending: Ending | null = null;

  constructor(args: readonly string[], options: WeftOptions = {}) {
    const { cwd, env = {}, descriptorsMax, through = [] } = options;
    const command = [...through, process.execPath, ...nodeFlags(), mainScript, ...args];
    const [program = '', ...rest] =
      descriptorsMax === undefined
        ? command
        : ['/bin/sh', '-c', `ulimit -n ${descriptorsMax}; exec "$@"`, 'sh', ...command];
    this.#child = spawn(program, rest, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(this.#child);
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        children.delete(this.#child);
        this.#ending = { code, signal };
        resolve(this.#ending);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#ending === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As when the reader of a pipe goes away. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** SIGTERM, and its end. */
  stop(): Promise<Ending> {
    this.signal('SIGTERM');
    return this.ended;
  }

  /** The first line with this message that `matches`; waits for it. */
  async logged(
    message: string,
    matches: (line: LogLine) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<LogLine> {
    return until(
      () => `a line '${message}'; there were ${JSON.stringify(this.lines)}, stderr ${this.stderr}`,
      () => this.lines.find((line) => line.msg === message && matches(line)) ?? null,
      timeoutMs,
    );
  }

  /** Memory that is this process' own, in bytes. */
  privateDirtyBytes(): number {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8');
    return Number(/^Private_Dirty:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
  }

  /** User and system time so far. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  #read(text: string): void {
    const before = this.stdout.lastIndexOf('\n') + 1;
    this.stdout += text;
    const whole = this.stdout.slice(before, this.stdout.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) {
      if (line.startsWith('{"')) {
        this.lines.push(JSON.parse(line) as LogLine);
      }
    }
  }
}

/** `weft run` with a configuration of its own folder and an admin server. */
export class WeftRun extends Weft {
  readonly folder: string;
  readonly file: string;
  readonly admin: string;

  private constructor(
    folder: string,
    admin: string,
    args: readonly string[],
    options: WeftOptions,
  ) {
    const file = join(folder, 'weft.config.json');
    super(['run', '--config', file, ...args], options);
    this.folder = folder;
    this.file = file;
    this.admin = admin;
  }

  /** Resolves when it is ready. */
  static async start(
    config: UserConfig,
    args: readonly string[] = [],
    options: WeftOptions = {},
  ): Promise<WeftRun> {
    const folder = tempFolder();
    const admin = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, 'weft.config.json'), withAdmin(config, admin));
    const weft = new WeftRun(folder, admin, args, options);
    await until(`weft to be ready: ${JSON.stringify(config)}`, async () => {
      if (!weft.isRunning) {
        throw new Error(`weft ended: ${weft.stderr}`);
      }
      return weft.isReady();
    });
    return weft;
  }

  /** Replaces the file, whole, as an editor does. */
  write(config: UserConfig | string): void {
    const text = typeof config === 'string' ? config : withAdmin(config, this.admin);
    writeFileSync(this.file, text);
  }

  /** Replaces the file and sends SIGHUP; resolves when that reload is counted, with its result. */
  async reload(config: UserConfig | string): Promise<'success' | 'failure'> {
    const before = await this.#reloads();
    this.write(config);
    this.signal('SIGHUP');
    return until('the reload to be counted', async () => {
      const { success, failure } = await this.#reloads();
      return success > before.success ? 'success' : failure > before.failure ? 'failure' : null;
    });
  }

  get(path: string, question: HttpQuestion = {}): Promise<HttpAnswer> {
    return http(this.admin, path, question);
  }

  async json<Answer>(path: string): Promise<Answer> {
    const { text } = await this.get(path);
    return JSON.parse(text) as Answer;
  }

  async isReady(): Promise<boolean> {
    const answer = await this.get('/ready').catch(() => null);
    return answer?.status === 200;
  }

  async metrics(): Promise<Metrics> {
    return new Metrics((await this.get('/metrics')).text);
  }

  async #reloads(): Promise<{ readonly success: number; readonly failure: number }> {
    const metrics = await this.metrics();
    return {
      success: metrics.value('weft_config_reload_total', { result: 'success' }),
      failure: metrics.value('weft_config_reload_total', { result: 'failure' }),
    };
  }
}

/** A scrape, to be asked. */
export class Metrics {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The sum of the samples that have these labels; 0 for none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let sum = 0;
    for (const [, found, set = '', value] of this.text.matchAll(
      /^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm,
    )) {
      if (found === name && wanted.every((pair) => `,${set},`.includes(`,${pair},`))) {
        sum += Number(value);
      }
    }
    return sum;
  }
}

/** Removed when this process ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-'));
  folders.add(folder);
  return folder;
}

/** The configuration as text, with an admin server and lines of JSON. */
function withAdmin(config: UserConfig, address: string): string {
  const all = {
    ...config,
    admin: { address, ...config.admin },
    log: { format: 'json', ...config.log },
  };
  return JSON.stringify(all, null, 2);
}
