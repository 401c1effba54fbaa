// Arguments of one command, on Node's own parser: unknown options and stray words are errors that name the right one.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from '../base/errors.ts';
import { nearestWord } from '../base/nearest-word.ts';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

export interface CommandShape {
  /** Printed for --help. */
  readonly help: string;
  readonly options: OptionsConfig;
  /** Whether words without a dash are arguments of this command. */
  readonly words: 'none' | 'some';
}

export interface ParsedCommand {
  readonly flags: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  readonly words: readonly string[];
}

/** `null` when help was asked for, and printed. Throws UsageError. */
export function parseCommand(argv: readonly string[], shape: CommandShape): ParsedCommand | null {
  const options: OptionsConfig = { ...shape.options, help: { type: 'boolean', short: 'h' } };
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const flags: Record<string, string> = {};
  const switches = new Set<string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      words.push(token.value);
    } else if (token.kind === 'option') {
      const option = options[token.name];
      if (option === undefined) {
        throw unknownOption(token.rawName, Object.keys(options));
      }
      if (option.type === 'boolean' && token.value === undefined) {
        switches.add(token.name);
      } else if (option.type === 'string' && token.value) {
        flags[token.name] = token.value;
      } else {
        const problem = option.type === 'string' ? 'needs a value' : 'takes no value';
        throw new UsageError(`${token.rawName} ${problem}. --help shows an example.`);
      }
    }
  }
  if (switches.has('help')) {
    process.stdout.write(shape.help);
    return null;
  }
  if (shape.words === 'none' && words[0] !== undefined) {
    throw new UsageError(`unexpected argument '${words[0]}'. --help shows what there is.`);
  }
  return { flags, switches, words };
}

function unknownOption(name: string, known: readonly string[]): UsageError {
  const near = nearestWord(name.replace(/^-+/, ''), known);
  const hint = near === null ? '--help shows what there is.' : `Did you mean --${near}?`;
  return new UsageError(`unknown option ${name}. ${hint}`);
}
