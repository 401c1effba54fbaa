// `weft forward`: one listener and its endpoints from the command line, with no file at all.

import { forwardConfig } from '../../config/forward-config.ts';
import { parseArguments } from '../args.ts';
import { runProxy } from '../run-proxy.ts';

export async function run(argv: string[]): Promise<number> {
  const { positionals, values, switches } = parseArguments('forward', argv);
  const [listen = '', ...targets] = positionals;
  const accessLog = switches.has('access-log');
  const config = forwardConfig({ listen, targets, flags: values, accessLog }, process.env);
  return runProxy({ config, load: null, watch: null });
}
