#!/usr/bin/env -S node --max-semi-space-size=1
// The `weft` command: finds the command, runs it, ends the process with its exit code. Commands are loaded only
// when they are called, because what is loaded stays in memory for as long as the proxy runs.

import { setFlagsFromString } from 'node:v8';
import { UsageError } from '../base/errors.ts';
import { nearestWord } from '../base/nearest-word.ts';
import { type CommandName, commands, findCommand } from './command-table.ts';
import { endOnSignals } from './early-signals.ts';
import { commandHelp, overviewHelp } from './help.ts';
import { reportError } from './report.ts';

interface CommandModule {
  run(argv: string[]): Promise<number>;
}

const modules: Readonly<Record<CommandName, () => Promise<CommandModule>>> = {
  run: () => import('./commands/run.ts'),
  forward: () => import('./commands/forward.ts'),
  check: () => import('./commands/check.ts'),
  'print-config': () => import('./commands/print-config.ts'),
  explain: () => import('./commands/explain.ts'),
  health: () => import('./commands/health.ts'),
  demo: () => import('./commands/demo.ts'),
  top: () => import('./commands/top.ts'),
  init: () => import('./commands/init.ts'),
  version: () => import('./commands/version.ts'),
};

const helpWords = ['help', '--help', '-h'];
const versionWords = ['--version', '-v', '-V'];

async function main(argv: readonly string[]): Promise<number> {
  const [first = 'help', ...rest] = argv;
  if (helpWords.includes(first)) {
    return help(rest[0]);
  }
  const name = versionWords.includes(first) ? 'version' : commandName(first);
  if (asksForHelp(rest)) {
    return help(name);
  }
  return await (await modules[name]()).run(rest);
}

function help(word: string | undefined): number {
  const isOverview = word === undefined || helpWords.includes(word);
  const command = isOverview ? undefined : findCommand(commandName(word));
  process.stdout.write(command === undefined ? overviewHelp() : commandHelp(command));
  return 0;
}

/** Help wins over every mistake beside it. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  return own.includes('--help') || own.includes('-h');
}

function commandName(word: string): CommandName {
  const command = findCommand(word);
  if (command !== undefined) {
    return command.name;
  }
  const names = [...commands.map(({ name }) => name), 'help'];
  const nearest = nearestWord(word.replace(/^-+/, ''), names);
  const hint = nearest === null ? `There are ${names.join(', ')}.` : `Did you mean '${nearest}'?`;
  throw new UsageError(`unknown command '${word}'. ${hint}`);
}

/** A reader that went away (`weft print-config | head`) is no failure. */
function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
  });
}

function fail(error: unknown): number {
  const { text, exitCode } = reportError(error, process.env['WEFT_DEBUG'] === '1');
  process.stderr.write(text);
  return exitCode;
}

// V8 keeps semi-spaces of 16 MB after a load that lasted a second, unless it is told before they grow. The first line
// tells it before the start already, which is worth 0.8 MB; this is for `node main.js`.
setFlagsFromString('--max-semi-space-size=1');
// Code of the baseline compiler takes 0.4 MB, for functions that decide and seldom run.
setFlagsFromString('--no-sparkplug');
ignoreClosedPipe(process.stdout);
ignoreClosedPipe(process.stderr);
process.on('uncaughtException', (error) => process.exit(fail(error)));
if (process.pid === 1) {
  endOnSignals();
}
const exitCode = await main(process.argv.slice(2)).catch(fail);
// Explicit, after the output is out: nothing that a command left open keeps the process alive.
process.stdout.write('', () => process.exit(exitCode));
