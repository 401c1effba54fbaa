// `weft demo`: small real backends, Weft in front of them, real traffic, and what came of it.

import { UsageError } from '../../base/errors.ts';
import { parseCommand } from '../args.ts';
import { runDemo } from '../demo/demo.ts';
import { losses, reportJson, reportText } from '../demo/report.ts';
import { type Output, Screen } from '../demo/screen.ts';

const help = `Show what Weft does, on this machine, with nothing to set up.

  weft demo [--seconds N] [--json] [--workers N]

  --seconds N  how long the traffic runs (default 15)
  --json       print only the result, as JSON
  --workers N  threads that move bytes; without it the CPUs that the process may use

Three backends run, the same traffic goes to them directly and then through Weft, and one of them is
killed and brought back. Exit code 1 when anything was lost.

Example:
  weft demo --seconds 30
`;

const secondsDefault = 15;
const secondsMin = 2;
const secondsMax = 3_600;

export async function run(argv: string[]): Promise<number> {
  const parsed = parseCommand(argv, {
    help,
    words: 'none',
    options: {
      seconds: { type: 'string' },
      json: { type: 'boolean' },
      workers: { type: 'string' },
    },
  });
  if (parsed === null) {
    return 0;
  }
  const { flags, switches } = parsed;
  const json = switches.has('json');
  const screen = new Screen(json ? nowhere : process.stdout);
  const abort = new AbortController();
  const interrupt = (): void => {
    // The second Ctrl-C does not wait for traffic that is under way.
    if (abort.signal.aborted) {
      process.exit(1);
    }
    abort.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const report = await runDemo({
      seconds: numberFlag(flags, 'seconds', secondsMin, secondsMax) ?? secondsDefault,
      workers: numberFlag(flags, 'workers', 1, 256),
      screen,
      signal: abort.signal,
    });
    process.stdout.write(json ? reportJson(report) : reportText(report));
    return losses(report).length === 0 ? 0 : 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

const nowhere: Output = { isTTY: false, write: () => undefined };

function numberFlag(
  flags: Readonly<Record<string, string>>,
  name: string,
  min: number,
  max: number,
): number | null {
  const text = flags[name];
  if (text === undefined) {
    return null;
  }
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`--${name}: expected a number of ${min} to ${max}, got '${text}'.`);
  }
  return value;
}
