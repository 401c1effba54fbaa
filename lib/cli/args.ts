// Parses the arguments of one command by its entry in command-table.ts, on Node's own parser. A mistake is a
// UsageError: one sentence with the nearest right word.

import { parseArgs } from 'node:util';
import { UsageError } from '../base/errors.ts';
import { nearestWord } from '../base/nearest-word.ts';
import { type Command, type CommandName, type Flag, findCommand } from './command-table.ts';

export interface Arguments {
  readonly positionals: readonly string[];
  /** Texts of flags that have a value, by name without dashes: `values['log-level']`. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Texts of flags that may be repeated, in their order. */
  readonly lists: Readonly<Record<string, readonly string[] | undefined>>;
  /** Names of the switches that were given: `switches.has('watch')`. */
  readonly switches: ReadonlySet<string>;
}

export function parseArguments(name: CommandName, argv: readonly string[]): Arguments {
  const command = findCommand(name);
  if (command === undefined) {
    throw new Error(`no command ${name}`);
  }
  const positionals: string[] = [];
  const values: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const switches = new Set<string>();
  for (const token of tokensOf(argv, command)) {
    if (token.kind === 'positional') {
      positionals.push(token.value);
    } else if (token.kind === 'option') {
      const flag = command.flags.find((known) => known.name === token.name);
      if (flag === undefined) {
        throw unknownFlag(token.rawName, command);
      }
      if (flag.value === null) {
        switches.add(checkSwitch(flag.name, token.value));
      } else {
        const value = checkValue(flag, token.value, token.inlineValue === true);
        values[flag.name] = value;
        lists[flag.name] = [...(lists[flag.name] ?? []), value];
      }
    }
  }
  checkPositionals(command, positionals);
  return { positionals, values, lists, switches };
}

/** The whole number that a flag gives, or undefined without the flag. */
export function wholeNumber(
  args: Arguments,
  flag: string,
  min: number,
  max: number,
): number | undefined {
  const text = args.values[flag];
  if (text === undefined) {
    return undefined;
  }
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new UsageError(`--${flag}: expected a whole number of ${min} to ${max}, got '${text}'.`);
  }
  return number;
}

function tokensOf(argv: readonly string[], command: Command) {
  const options = command.flags.map((flag: Flag) => [
    flag.name,
    {
      type: flag.value === null ? ('boolean' as const) : ('string' as const),
      ...(flag.short === undefined ? {} : { short: flag.short }),
    },
  ]);
  return parseArgs({
    args: [...argv],
    options: Object.fromEntries(options),
    allowPositionals: true,
    strict: false,
    tokens: true,
  }).tokens;
}

function unknownFlag(rawName: string, command: Command): UsageError {
  const names = command.flags.map((flag) => `--${flag.name}`);
  const nearest = nearestWord(rawName, names);
  const hint = nearest === null ? `It takes ${names.join(', ')}.` : `Did you mean ${nearest}?`;
  return new UsageError(`${command.name} has no flag ${rawName}. ${hint}`);
}

function checkSwitch(name: string, value: string | undefined): string {
  if (value !== undefined) {
    throw new UsageError(`--${name} takes no value, got '${value}'. Write --${name} alone.`);
  }
  return name;
}

/** Node takes the next word as the value, also when it is the next flag. */
function checkValue(flag: Flag, value: string | undefined, isInline: boolean): string {
  if (value === undefined || value === '' || (!isInline && value.startsWith('-'))) {
    throw new UsageError(`--${flag.name} needs a value. Write --${flag.name} ${flag.value}.`);
  }
  return value;
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  if (positionals.length < command.argumentsMin) {
    const usage = `${command.name} needs ${command.arguments}`;
    throw new UsageError(`${usage}. For example: ${command.example}`);
  }
  const extra = positionals[command.argumentsMax];
  if (extra !== undefined) {
    const readsFile = command.flags.some(({ name }) => name === 'config');
    const hint = readsFile
      ? `Name a file with --config ${extra}.`
      : `'weft help ${command.name}' shows what it takes.`;
    throw new UsageError(`${command.name} takes no argument '${extra}'. ${hint}`);
  }
}
