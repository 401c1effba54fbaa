// `weft demo`: small real backends, Weft in front of them, real traffic, and what came of it.

import { workerCountMax } from '../../config/schema.ts';
import { parseArguments, wholeNumber } from '../args.ts';
import { runDemo } from '../demo/demo.ts';
import { losses, reportJson, reportText } from '../demo/report.ts';
import { type Output, Screen } from '../demo/screen.ts';
import { forgetEndOnSignals } from '../early-signals.ts';

const secondsDefault = 15;
const secondsMin = 2;
const secondsMax = 3_600;

export async function run(argv: string[]): Promise<number> {
  const args = parseArguments('demo', argv);
  const json = args.switches.has('json');
  const screen = new Screen(json ? nowhere : process.stdout);
  const abort = new AbortController();
  const interrupt = (): void => {
    // The second Ctrl-C does not wait for traffic that is under way.
    if (abort.signal.aborted) {
      process.exit(1);
    }
    abort.abort();
  };
  forgetEndOnSignals();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const report = await runDemo({
      seconds: wholeNumber(args, 'seconds', secondsMin, secondsMax) ?? secondsDefault,
      workers: wholeNumber(args, 'workers', 1, workerCountMax) ?? null,
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
