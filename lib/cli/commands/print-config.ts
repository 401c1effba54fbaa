// `weft print-config`: the complete resolved configuration, as JSON on stdout and nothing else.

import { loadConfig } from '../../config/load.ts';
import { parseArguments } from '../args.ts';

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArguments('print-config', argv);
  const { config } = await loadConfig({ file: values['config'] });
  process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
  return 0;
}
