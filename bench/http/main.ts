// npm run bench:http: requests of HTTP/1.1, Weft beside the copy floor and beside what else this machine has.
// docs/benchmarks.md says how to read it.

import process from 'node:process';
import { chosen } from '../support/arguments.ts';
import { stopAll, stopOnSignals } from '../support/leash.ts';
import { describeRun } from '../support/machine.ts';
import { measureRow, type RowResult, type Stage } from './measure.ts';
import { type HttpOptions, readOptions, usage } from './options.ts';
import { findPeers } from './peers/find-peers.ts';
import type { HttpPeer } from './peers/peer.ts';
import { record } from './record.ts';
import { rows } from './rows.ts';
import { openSession, type Session } from './session.ts';
import { renderRow } from './table.ts';

function say(text: string): void {
  process.stdout.write(text);
}

const isWanted = ({ only }: HttpOptions, name: string) => only.length === 0 || only.includes(name);

async function measureRows(session: Session, peers: readonly HttpPeer[]): Promise<RowResult[]> {
  const names = peers.map(({ name }) => name);
  const stage: Stage = new Map();
  const results: RowResult[] = [];
  for (const row of rows.filter(({ name }) => isWanted(session.options, name))) {
    const result = await measureRow(session, row, peers, stage);
    say(`\n${renderRow(result, names)}`);
    results.push(result);
  }
  for (const { leash } of [...stage.values()].flat()) await leash.stop();
  return results;
}

async function run(options: HttpOptions): Promise<number> {
  const provenance = describeRun(`npm run bench:http -- ${process.argv.slice(2).join(' ')}`.trim());
  const { machine } = provenance;
  say(
    `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, load ${machine.loadAverage}\n`,
  );
  const session = await openSession(options);
  const peers = chosen('peers', findPeers(session.programs), options.peers);
  for (const { name, version, note } of peers) {
    say(`  ${name} ${version}${note === undefined ? '' : ` (${note})`}\n`);
  }
  const results = await measureRows(session, peers);
  if (options.record) {
    const written = record({ provenance, options, peers, results });
    say(`\nwritten: ${written.join(', ')}\n`);
  }
  const broken = results.some(({ failures }) =>
    peers.some(({ name, kind }) => kind !== 'competitor' && failures.has(name)),
  );
  return broken ? 1 : 0;
}

async function main(): Promise<void> {
  stopOnSignals();
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === null) {
      say(usage);
    } else {
      process.exitCode = await run(options);
    }
  } catch (error) {
    process.stderr.write(`bench:http: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  } finally {
    await stopAll();
  }
}

await main();
