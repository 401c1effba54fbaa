// The command line of bench:http.

import { parseArgs } from 'node:util';
import { list, pinned, positive } from '../support/arguments.ts';
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

export interface HttpOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly threads: number;
  readonly pin: boolean;
  /** Names of rows and scenarios; all if empty. */
  readonly only: readonly string[];
  readonly peers: readonly string[];
  /** Names the file of results. */
  readonly as: string;
  readonly record: boolean;
  readonly strict: boolean;
}

/** Null when --help was asked for. */
export function readOptions(args: readonly string[]): HttpOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      rate: { type: 'string', default: '5000' },
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: '' },
      threads: { type: 'string', default: '1' },
      pin: { type: 'string', default: 'yes' },
      as: { type: 'string', default: 'http' },
      quick: { type: 'boolean', default: false },
      'no-record': { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const unknown = list(values.only).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(`--only: there is no row ${unknown.join(', ')}; rows are ${names.join(', ')}`);
  }
  return {
    rounds: Math.round(positive('rounds', values.rounds ?? (values.quick ? '2' : '5'))),
    seconds: positive('seconds', values.seconds ?? (values.quick ? '1' : '3')),
    rate: positive('rate', values.rate),
    threads: Math.round(positive('threads', values.threads)),
    pin: pinned(values.pin),
    only: list(values.only),
    peers: list(values.peers),
    strict: values.strict,
    as: values.as,
    record: !values.quick && !values['no-record'],
  };
}
