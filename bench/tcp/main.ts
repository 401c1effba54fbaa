// npm run bench:tcp: opaque TCP forwarding, Weft beside the floors and beside what else this machine
// has. docs/benchmarks.md says how to read it.

import process from 'node:process';
import { chosen } from '../support/arguments.ts';
import { stopAll, stopOnSignals } from '../support/leash.ts';
import { describeRun, quietLoadAverage } from '../support/machine.ts';
import { farSide, runInside } from './far-side.ts';
import { measureRow, type RowResult } from './measure.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { findPeers } from './peers/find-peers.ts';
import type { Peer } from './peers/peer.ts';
import { record } from './record.ts';
import { type RowName, rows } from './rows.ts';
import { openSession, type Session } from './session.ts';
import { heading, renderRow, renderVerdicts } from './table.ts';
import { judge } from './targets.ts';

function say(text: string): void {
  process.stdout.write(text);
}

function choosePeers(session: Session, options: BenchOptions): Peer[] {
  const { peers, missing } = findPeers(session.programs, options.redirect);
  const taken = chosen('peers', peers, options.peers);
  for (const hint of missing) say(`not here: ${hint}\n`);
  return taken;
}

async function measureAll(session: Session, peers: readonly Peer[]) {
  const results = new Map<RowName, RowResult>();
  const names = peers.map(({ name }) => name);
  for (const row of rows.filter(({ name }) => session.options.rows.includes(name))) {
    say(`\n${heading(row)}`);
    const result = await measureRow(session, row, peers);
    results.set(row.name, result);
    say(renderRow(result, names));
  }
  return results;
}

async function run(options: BenchOptions): Promise<number> {
  const provenance = describeRun(`npm run bench:tcp -- ${process.argv.slice(2).join(' ')}`.trim());
  const { machine } = provenance;
  say(`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.system}\n`);
  if (machine.loadAverage > quietLoadAverage) {
    say(`load average ${machine.loadAverage}: something else is running; latencies will show it\n`);
  }
  const session = await openSession(options);
  const peers = choosePeers(session, options);
  for (const { name, version, note } of peers) {
    say(`  ${name} ${version === '-' ? '' : version}${note ? ` (${note})` : ''}\n`);
  }
  const results = await measureAll(session, peers);
  const verdicts = judge(results, peers);
  if (peers.some(({ kind }) => kind === 'weft')) say(`\n${renderVerdicts(verdicts)}`);
  if (options.record) {
    const written = record({ provenance, options, peers, results, verdicts });
    say(`\nwritten: ${written.join(', ')}\n`);
  }
  const broken = [...results.values()].some(({ failures }) =>
    peers.some(({ name, kind }) => kind !== 'competitor' && failures.has(name)),
  );
  const missed = options.strict && verdicts.some(({ status }) => status === 'MISS');
  return broken || missed ? 1 : 0;
}

async function main(): Promise<void> {
  stopOnSignals();
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === null) {
      say(usage);
      return;
    }
    const isOutside = options.redirect && farSide() === null;
    process.exitCode = isOutside ? await runInside() : await run(options);
  } catch (error) {
    process.stderr.write(`bench:tcp: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  } finally {
    await stopAll();
  }
}

await main();
