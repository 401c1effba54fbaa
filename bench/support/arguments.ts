// Values of the command lines of benches.

/** Throws when it is none. */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, got ${text}`);
  return value;
}

export function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(Boolean);
}

function pinned(text: string): boolean {
  if (text !== 'yes' && text !== 'no') throw new Error(`--pin: expected yes or no, got ${text}`);
  return text === 'yes';
}

/** Of those that are there, the ones that are wanted; all when none is named. Throws for one that is not there. */
export function chosen<Named extends { readonly name: string }>(
  option: string,
  there: readonly Named[],
  wanted: readonly string[],
): Named[] {
  const unknown = wanted.filter((name) => !there.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = there.map(({ name }) => name).join(', ');
    throw new Error(`--${option}: ${unknown.join(', ')} not found here; there are ${known}`);
  }
  return there.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
}

/** What every bench of proxies is told, for parseArgs. */
export const sharedArguments = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  peers: { type: 'string' },
  threads: { type: 'string', default: '1' },
  pin: { type: 'string', default: 'yes' },
  quick: { type: 'boolean', default: false },
  'no-record': { type: 'boolean', default: false },
  strict: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export interface SharedOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly threads: number;
  readonly pin: boolean;
  /** Names of programs; all that are found if empty. */
  readonly peers: readonly string[];
  readonly record: boolean;
  readonly strict: boolean;
}

interface SharedValues {
  readonly rounds?: string | undefined;
  readonly seconds?: string | undefined;
  readonly peers?: string | undefined;
  readonly rate: string;
  readonly threads: string;
  readonly pin: string;
  readonly quick: boolean;
  readonly 'no-record': boolean;
  readonly strict: boolean;
}

/** `quickRounds`: of --quick. Throws for what makes no sense. */
export function readShared(values: SharedValues, quickRounds: number): SharedOptions {
  const { rounds = values.quick ? String(quickRounds) : '5' } = values;
  const { seconds = values.quick ? '1' : '3' } = values;
  return {
    rounds: Math.round(positive('rounds', rounds)),
    seconds: positive('seconds', seconds),
    rate: positive('rate', values.rate),
    threads: Math.round(positive('threads', values.threads)),
    pin: pinned(values.pin),
    peers: list(values.peers),
    record: !values.quick && !values['no-record'],
    strict: values.strict,
  };
}
