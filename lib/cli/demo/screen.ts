// What the demo shows while it runs: a table that is drawn over itself on a terminal, one line a second elsewhere.

import { formatCount, formatUs } from './format.ts';
import type { Tally } from './tally.ts';

export interface Scene {
  /** `direct` or `weft`. */
  readonly phase: string;
  readonly tally: Tally;
  readonly openCount: number;
  readonly seconds: number;
  /** `null` in the direct phase. */
  readonly adminAddress: string | null;
  readonly backends: readonly { readonly name: string; readonly isRunning: boolean }[];
}

export interface Output {
  readonly isTTY: boolean;
  write(text: string): void;
}

const titles: Readonly<Record<string, string>> = {
  direct: 'clients directly to the backends',
  weft: 'clients through Weft',
};

export class Screen {
  readonly #output: Output;
  #drawnLines = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** A line that stays. */
  say(text: string): void {
    this.#output.write(`${text}\n`);
    this.#drawnLines = 0;
  }

  show(scene: Scene): void {
    if (!this.#output.isTTY) {
      this.#output.write(`${sceneLine(scene)}\n`);
      return;
    }
    const lines = sceneTable(scene);
    const up = this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A`;
    // Erase each line's end: a shorter number must not leave a digit of a longer one.
    this.#output.write(up + lines.map((line) => `${line}\u001b[K\n`).join(''));
    this.#drawnLines = lines.length;
  }
}

function sceneLine({ phase, tally, openCount, backends }: Scene): string {
  const { messages, visits } = tally;
  const down = backends.filter(({ isRunning }) => !isRunning).map(({ name }) => name);
  return [
    `${phase.padEnd(6)} ${tally.seconds.toFixed(1).padStart(4)} s`,
    `${perSecond(messages.count, tally)} messages/s`,
    `p50 ${formatUs(messages.quantile(0.5))}`,
    `p99 ${formatUs(messages.quantile(0.99))}`,
    `${perSecond(visits.count, tally)} visits/s`,
    `${bulkRate(tally)} bulk`,
    `${openCount} open`,
    `${tally.errors} errors`,
    ...(down.length > 0 ? [`killed: ${down.join(', ')}`] : []),
  ].join('  ');
}

function sceneTable(scene: Scene): readonly string[] {
  const { phase, tally, seconds, openCount, adminAddress, backends } = scene;
  const { messages, visits } = tally;
  const row = (name: string, rate: string, p50: string, p99: string): string =>
    `  ${name.padEnd(12)}${rate.padStart(14)}${p50.padStart(12)}${p99.padStart(12)}`;
  const latencyRow = (name: string, of: Tally['messages']): string =>
    row(
      name,
      `${perSecond(of.count, tally)}/s`,
      formatUs(of.quantile(0.5)),
      formatUs(of.quantile(0.99)),
    );
  return [
    `${titles[phase] ?? phase}, ${tally.seconds.toFixed(0)} of ${seconds.toFixed(0)} s`,
    row('', '', 'p50', 'p99'),
    latencyRow('messages', messages),
    latencyRow('visits', visits),
    row('bulk', bulkRate(tally), '', ''),
    `  ${openCount} connections open, ${tally.checksums} checksums compared, ${tally.mismatches} wrong, ` +
      `${tally.interrupted} interrupted, ${tally.errors} errors`,
    `  backends: ${backends.map(({ name, isRunning }) => `${name} ${isRunning ? 'runs' : 'KILLED'}`).join(', ')}`,
    adminAddress === null ? '' : `  look at http://${adminAddress}/metrics and /clusters`,
  ];
}

function perSecond(count: number, tally: Tally): string {
  return formatCount(count / Math.max(tally.seconds, 0.001));
}

/** Of the time that transfers took, pauses left out. */
export function bulkRate({ bulkBytes, bulkSeconds }: Tally): string {
  const mebibytes = bulkBytes / 1024 / 1024;
  return bulkSeconds === 0 ? '-' : `${formatCount(mebibytes / bulkSeconds)} MiB/s`;
}
