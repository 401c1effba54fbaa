// `weft print-config`: the complete resolved configuration, as JSON on stdout and nothing else.

import { loadConfig } from '../../config/load.ts';
import { readCpuFacts, workerCountFrom } from '../../config/worker-count.ts';
import { parseArguments } from '../args.ts';

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArguments('print-config', argv);
  const { config } = await loadConfig({ file: values['config'] });
  // Only at start is it known how many CPUs there are; a person wants the number that it would be now.
  const workerCount = config.workerCount ?? workerCountFrom(readCpuFacts());
  process.stdout.write(`${JSON.stringify({ ...config, workerCount }, null, 2)}\n`);
  return 0;
}
