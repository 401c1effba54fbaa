// npm run bench:http: requests of HTTP/1.1, Weft beside the copy floor and beside what else this machine has.
// docs/benchmarks.md says how to read it.

import process from 'node:process';
import { chosen } from '../support/arguments.ts';
import { stopAll, stopOnSignals } from '../support/leash.ts';
import { describeRun, quietLoadAverage } from '../support/machine.ts';
import { renderVerdicts } from '../tcp/table.ts';
import { measureRow, type RowResult, type ScenarioResult, type Stage } from './measure.ts';
import { type HttpOptions, readOptions, usage } from './options.ts';
import { findPeers } from './peers/find-peers.ts';
import type { HttpPeer } from './peers/peer.ts';
import { record } from './record.ts';
import { rows } from './rows.ts';
import { measureIdle } from './scenarios/idle.ts';
import { measureOverload } from './scenarios/overload.ts';
import { measureSlowEndpoint } from './scenarios/slow-endpoint.ts';
import { openSession, type Session } from './session.ts';
import { renderRow, renderScenario } from './table.ts';
import { judge } from './targets.ts';

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

async function measureScenarios(
  session: Session,
  peers: readonly HttpPeer[],
): Promise<ScenarioResult[]> {
  const scenarios = {
    'slow-endpoint': measureSlowEndpoint,
    overload: measureOverload,
    idle: measureIdle,
  };
  const results: ScenarioResult[] = [];
  for (const [name, measure] of Object.entries(scenarios)) {
    if (!isWanted(session.options, name)) continue;
    const result = await measure(session, peers);
    say(`\n${renderScenario(result)}`);
    results.push(result);
  }
  return results;
}

async function run(options: HttpOptions): Promise<number> {
  const provenance = describeRun(`npm run bench:http -- ${process.argv.slice(2).join(' ')}`.trim());
  const { machine } = provenance;
  say(`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.system}\n`);
  if (machine.loadAverage > quietLoadAverage) {
    say(`load average ${machine.loadAverage}: something else is running; latencies will show it\n`);
  }
  const session = await openSession(options);
  const peers = chosen('peers', findPeers(session.programs), options.peers);
  for (const { name, version, note } of peers) {
    say(`  ${name} ${version}${note === undefined ? '' : ` (${note})`}\n`);
  }
  const results = await measureRows(session, peers);
  const scenarios = await measureScenarios(session, peers);
  const verdicts = judge(results, scenarios);
  if (verdicts.length > 0) say(`\n${renderVerdicts(verdicts)}`);
  if (options.record) {
    const written = record({ provenance, options, peers, results, scenarios, verdicts });
    say(`\nwritten: ${written.join(', ')}\n`);
  }
  const missed = options.strict && verdicts.some(({ status }) => status === 'MISS');
  const broken = [...results, ...scenarios].some(({ failures }) =>
    peers.some(({ name, kind }) => kind !== 'competitor' && failures.has(name)),
  );
  return broken || missed ? 1 : 0;
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
