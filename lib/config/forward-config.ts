// `weft forward LISTEN TARGET...`: a configuration made of arguments. There is no admin server unless a flag or
// variable asks for one, so that several can run on one host.

import type { Config } from './config.ts';
import { applyOverrides } from './overrides.ts';
import { resolve } from './resolve.ts';
import { invalidConfig, validate } from './validate.ts';

type Words = Readonly<Record<string, string | undefined>>;

export interface ForwardArguments {
  readonly listen: string;
  readonly targets: readonly string[];
  /** Flags by name without dashes: `balancer`, and those of overrides.ts. */
  readonly flags: Words;
  readonly accessLog: boolean;
}

/** Throws a ConfigError whose problems are at `LISTEN`, `TARGET 1` and flags, the words of the help text. */
export function forwardConfig(given: ForwardArguments, env: Words): Config {
  const { flags, targets } = given;
  const user = {
    listeners: [{ name: 'forward', address: given.listen, cluster: 'targets' }],
    clusters: { targets: { endpoints: targets, balancer: flags['balancer'] } },
    admin: null,
    log: { accessLog: given.accessLog },
  };
  const { input, sources } = applyOverrides(user, env, flags);
  const words = new Map([
    ...sources,
    ['listeners[0].address', 'LISTEN'],
    ['clusters.targets.endpoints', 'TARGET'],
    ['clusters.targets.balancer', '--balancer'],
    ...targets.map((_, index) => targetWord(index)),
  ]);
  const validated = validate(input, words);
  if (!validated.ok) {
    throw invalidConfig('', validated.issues);
  }
  return resolve(validated.config);
}

function targetWord(index: number): [path: string, word: string] {
  return [`clusters.targets.endpoints[${index}]`, `TARGET ${index + 1}`];
}
