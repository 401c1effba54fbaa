// One run of the bench: what was asked for, on what, and what came out.

import type { Provenance } from '../support/machine.ts';
import type { Results } from './figures.ts';
import type { BenchOptions } from './options.ts';
import type { Peer } from './peers/peer.ts';
import type { Verdict } from './targets.ts';

export interface Run {
  readonly provenance: Provenance;
  readonly options: BenchOptions;
  readonly peers: readonly Peer[];
  readonly results: Results;
  readonly verdicts: readonly Verdict[];
}
