// `weft check`: loads and checks the configuration, and says what it found. Opens nothing, starts nothing.

import { loadConfig } from '../../config/load.ts';
import { parseArguments } from '../args.ts';

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArguments('check', argv);
  const { config, file } = await loadConfig({ file: values['config'] });
  const endpoints = config.clusters.reduce((sum, cluster) => sum + cluster.endpoints.length, 0);
  const counts = [
    count(config.listeners.length, 'listener'),
    count(config.clusters.length, 'cluster'),
    count(endpoints, 'endpoint'),
  ];
  process.stdout.write(`${file} is valid: ${counts.join(', ')}.\n`);
  return 0;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
