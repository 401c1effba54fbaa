// The few keys that the environment and the command line can set. They are laid over what the file says
// before anything is checked, so that one check sees the whole; a problem names the variable or flag.

export interface Override {
  /** Key in the configuration: `log.level`. */
  readonly key: string;
  readonly env: string;
  /** Name of the flag without its dashes; `null` when there is none. */
  readonly flag: string | null;
  readonly about: string;
}

export const overrides: readonly Override[] = [
  { key: 'workers', env: 'WEFT_WORKERS', flag: 'workers', about: 'a number' },
  { key: 'zone', env: 'WEFT_ZONE', flag: null, about: 'a name' },
  { key: 'admin.address', env: 'WEFT_ADMIN', flag: 'admin', about: 'an address, or `off`' },
  { key: 'log.level', env: 'WEFT_LOG_LEVEL', flag: 'log-level', about: 'a level' },
  { key: 'log.format', env: 'WEFT_LOG_FORMAT', flag: null, about: '`auto`, `json` or `pretty`' },
  { key: 'drain.deadline', env: 'WEFT_DRAIN_DEADLINE', flag: null, about: 'a duration' },
];

export interface Overridden {
  readonly input: unknown;
  /** From the path of a key to the name of what set it: `workers` to `WEFT_WORKERS`. */
  readonly sources: ReadonlyMap<string, string>;
}

type Words = Readonly<Record<string, string | undefined>>;

/** `flags` and `env` map names to texts; an empty text counts as absent. The input is not changed. */
export function applyOverrides(input: unknown, env: Words, flags: Words = {}): Overridden {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { input, sources: new Map() };
  }
  const sources = new Map<string, string>();
  let result: Readonly<Record<string, unknown>> = { ...input };
  for (const override of overrides) {
    const fromFlag = override.flag === null ? undefined : flags[override.flag];
    const text = fromFlag || env[override.env];
    if (text) {
      sources.set(override.key, fromFlag ? `--${override.flag}` : override.env);
      result = withValue(result, override.key, text);
    }
  }
  return { input: result, sources };
}

function withValue(
  input: Readonly<Record<string, unknown>>,
  key: string,
  text: string,
): Readonly<Record<string, unknown>> {
  const [first = '', second] = key.split('.');
  if (second === undefined) {
    const isCount = first === 'workers' && /^\d+$/.test(text);
    return { ...input, [first]: isCount ? Number(text) : text };
  }
  if (key === 'admin.address' && text === 'off') {
    return { ...input, admin: null };
  }
  const part = input[first];
  const isObject = typeof part === 'object' && part !== null && !Array.isArray(part);
  // A part of another type stays, and the check of its type reports it.
  return isObject || part === undefined || part === null
    ? { ...input, [first]: { ...part, [second]: text } }
    : input;
}
