// The first process of a container ends on a signal only when it listens to it. Until a command has its own
// handlers, and in commands that have none, a signal ends the process as it does everywhere else.

import { constants } from 'node:os';

const endingSignals = ['SIGTERM', 'SIGINT'] as const;

function end(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}

export function endOnSignals(): void {
  for (const signal of endingSignals) {
    process.on(signal, end);
  }
}

/** For who brings handlers of its own. */
export function forgetEndOnSignals(): void {
  for (const signal of endingSignals) {
    process.off(signal, end);
  }
}
