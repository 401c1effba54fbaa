// How large the engine's memories are. All of it is reserved at start and touched only when used.

import type { Config } from '../config/config.ts';
import { readCpuFacts, workerCountFrom } from '../config/worker-count.ts';
import type { StartOptions } from '../contract/addon.ts';

/** About 1,500 records of ended connections for each worker, more than a second of them at a high rate. */
const eventRingBytes = 256 * 1024;
/** 32,768 label combinations for each worker: 10,000 endpoints with an errno or two each. */
const runCount = 32_768;
/** Eight cells for each of them. */
const cellCount = runCount * 8;

export function engineOptions(config: Config): StartOptions {
  const workerCount = config.workerCount ?? workerCountFrom(readCpuFacts());
  return { workerCount, eventRingBytes, cellCount, runCount };
}
