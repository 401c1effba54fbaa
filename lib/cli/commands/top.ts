// `weft top`: what a running proxy does, as a table that is drawn anew, or as JSON for scripts.

import { type Address, formatAddress, parseAddress } from '../../base/address.ts';
import { ProxyError, UsageError } from '../../base/errors.ts';
import { defaults } from '../../config/defaults.ts';
import { type Arguments, parseArguments, wholeNumber } from '../args.ts';
import { ask } from '../top/ask.ts';
import { type Frame, frameOf, type Look } from '../top/rates.ts';
import { tableLines } from '../top/table.ts';
import { openTerminal, type Terminal } from '../top/terminal.ts';

const intervalSecondsMax = 3_600;
const pipedColumns = 120;

export async function run(argv: string[]): Promise<number> {
  const args = parseArguments('top', argv);
  const admin = adminAddress(args);
  const intervalMs = (wholeNumber(args, 'interval', 1, intervalSecondsMax) ?? 1) * 1_000;
  const json = args.switches.has('json');
  const first = await look(admin);
  if (args.switches.has('once')) {
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
    print(frameOf(first, await look(admin)), json);
    return 0;
  }
  const live = new Live(admin, intervalMs);
  await (process.stdout.isTTY && !json ? live.draw(first) : live.print(first, json));
  return 0;
}

function adminAddress({ values }: Arguments): Address {
  const given = values['admin'] ?? process.env['WEFT_ADMIN'];
  const isSet = given !== undefined && given !== '' && given !== 'off';
  const text = isSet ? given : defaults.adminAddress.value;
  const parsed = parseAddress(text);
  if (!parsed.ok) {
    throw new UsageError(`--admin: ${parsed.problem}, got '${text}'. ${parsed.hint ?? ''}`.trim());
  }
  return parsed.value;
}

async function look(admin: Address): Promise<Look> {
  const answer = await ask(admin);
  return { ...answer, at: performance.now() };
}

function print(frame: Frame, json: boolean): void {
  const { intervalMs, clusters, routes, truncated } = frame;
  const at = new Date().toISOString();
  const text = json
    ? JSON.stringify({ at, intervalMs: Math.round(intervalMs), clusters, routes, truncated })
    : tableLines(frame, { columns: pipedColumns, rows: null, colour: false }).join('\n');
  process.stdout.write(`${text}\n`);
}

/** Looks again and again. A proxy that restarts is waited for. */
class Live {
  readonly #admin: Address;
  readonly #intervalMs: number;
  #stop: () => void = () => undefined;
  readonly #stopped: Promise<void>;
  #isStopped = false;
  #frame: Frame | null = null;
  #problem = '';

  constructor(admin: Address, intervalMs: number) {
    this.#admin = admin;
    this.#intervalMs = intervalMs;
    this.#stopped = new Promise((resolve) => {
      this.#stop = () => {
        this.#isStopped = true;
        resolve();
      };
    });
    process.once('SIGTERM', this.#stop).once('SIGINT', this.#stop).once('SIGHUP', this.#stop);
    process.stdout.once('error', this.#stop);
  }

  async print(first: Look, json: boolean): Promise<void> {
    await this.#each(first, () => {
      if (this.#problem !== '') {
        process.stderr.write(`weft: ${this.#problem}\n`);
      } else if (this.#frame !== null) {
        print(this.#frame, json);
      }
    });
  }

  async draw(first: Look): Promise<void> {
    const events = { resized: () => this.#redraw(terminal), quit: this.#stop };
    const terminal: Terminal = openTerminal(process.stdout, process.stdin, events);
    try {
      this.#frame = { ...frameOf(first, first), intervalMs: 0 };
      this.#redraw(terminal);
      await this.#each(first, () => this.#redraw(terminal));
    } finally {
      terminal.close();
    }
  }

  async #each(first: Look, show: () => void): Promise<void> {
    let before = first;
    while (await this.#wait()) {
      try {
        const after = await look(this.#admin);
        this.#frame = frameOf(before, after);
        this.#problem = '';
        before = after;
      } catch (error) {
        if (!(error instanceof ProxyError)) {
          throw error;
        }
        this.#problem = error.message;
      }
      if (!this.#isStopped) {
        show();
      }
    }
  }

  /** False when it is over. */
  async #wait(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#intervalMs);
    });
    await Promise.race([waited, this.#stopped]);
    clearTimeout(timer);
    return !this.#isStopped;
  }

  #redraw(terminal: Terminal): void {
    if (this.#frame === null) {
      return;
    }
    const { columns, rows } = terminal;
    const colour = process.env['NO_COLOR'] === undefined;
    const head = `weft top  ${formatAddress(this.#admin)}  every ${this.#intervalMs / 1_000} s  q quits`;
    const lines = tableLines(this.#frame, { columns, rows: rows - 2, colour });
    const title = this.#problem === '' ? head : this.#problem;
    terminal.draw([title.slice(0, columns), '', ...lines]);
  }
}
