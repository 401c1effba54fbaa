// Each program is measured once in each round, A B C A B C, in an order that moves on by one each
// round, so that drift and neighbours hit all alike.

export interface Interleaved<Sample> {
  // By name, one sample for each round, in the order of the rounds.
  readonly samples: Map<string, Sample[]>;
  // What could not be measured, with the reason.
  readonly failures: Map<string, string>;
}

// Calls `measure` for each entry in each round; one that fails is left out from then on.
export async function interleave<
  Entry extends { readonly peer: { readonly name: string } },
  Sample,
>(
  rounds: number,
  entries: readonly Entry[],
  measure: (entry: Entry) => Promise<Sample>,
): Promise<Interleaved<Sample>> {
  const samples = new Map<string, Sample[]>();
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[(i + round) % entries.length];
      if (entry === undefined || failures.has(entry.peer.name)) continue;
      try {
        const taken = samples.get(entry.peer.name) ?? [];
        samples.set(entry.peer.name, [...taken, await measure(entry)]);
      } catch (error) {
        failures.set(entry.peer.name, error instanceof Error ? error.message : String(error));
        samples.delete(entry.peer.name);
      }
    }
  }
  return { samples, failures };
}
