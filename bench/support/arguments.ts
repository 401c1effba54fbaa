// Values of the command lines of benches.

/** Throws when it is none. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, got ${text}`);
  return value;
}

export function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter(Boolean);
}

export function pinned(text: string): boolean {
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
