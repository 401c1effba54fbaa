// The command line of bench:http.

import { parseArgs } from 'node:util';
import { list, readShared, type SharedOptions, sharedArguments } from '../support/arguments.ts';
import { rows } from './rows.ts';
import { scenarioNames } from './scenarios/names.ts';

/** Names of rows and of scenarios. */
const names: readonly string[] = [...rows.map(({ name }) => name), ...scenarioNames];

export const usage = `npm run bench:http -- [options]

  --rounds N     measurements of each program in each row, interleaved (5)
  --seconds N    length of each measurement (3)
  --rate N       requests per second in the row "latency" (5000)
  --only A,B     only these rows: ${names.join(', ')}
  --peers A,B    only these programs
  --threads N    threads that move bytes, the same for all (1)
  --pin yes|no   no: the scheduler decides where load and proxy run (yes)
  --quick        2 rounds of 1 second, nothing recorded
  --as NAME      bench/results/DATE-NAME.json (http)
  --no-record    do not write bench/results
  --strict       exit 1 when a target of product.md is missed
  --help

wrk is the load of a closed loop, our own client that of an open one, nginx and our own server are behind.
haproxy and nginx are taken when they are installed, envoy as in bench:tcp.
  WEFT_BENCH_HTTP_PEER_<NAME>='command with {listen} {target} {listenPort} {targetPort} {threads}'
`;

export interface HttpOptions extends SharedOptions {
  /** Names of rows and scenarios; all if empty. */
  readonly only: readonly string[];
  /** Names the file of results. */
  readonly as: string;
}

/** Null when --help was asked for. */
export function readOptions(args: readonly string[]): HttpOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...sharedArguments,
      rate: { type: 'string', default: '5000' },
      only: { type: 'string', default: '' },
      as: { type: 'string', default: 'http' },
    },
  });
  if (values.help) return null;
  const unknown = list(values.only).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(`--only: there is no row ${unknown.join(', ')}; rows are ${names.join(', ')}`);
  }
  return { ...readShared(values, 2), only: list(values.only), as: values.as };
}
