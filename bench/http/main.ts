// npm run bench:http: requests of HTTP/1.1, Weft beside the copy floor and beside what else this machine has.
// docs/benchmarks.md says how to read it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { chosen, list, pinned, positive } from '../support/arguments.ts';
import { type Leash, makeWorkFolder, stopAll, stopOnSignals } from '../support/leash.ts';
import { startListening } from '../support/listening.ts';
import { describeRun, outerCpus } from '../support/machine.ts';
import { resultsFolder, root } from '../support/paths.ts';
import { freeAddress } from '../support/ports.ts';
import { buildPrograms, type Programs } from '../support/programs.ts';
import { median, pairedRatio } from '../support/stats.ts';
import { measure, type Sample } from './measure.ts';
import { startOrigin } from './origin.ts';
import { findPeers, type HttpPeer } from './peers.ts';
import { type Row, rows } from './rows.ts';

const usage = `npm run bench:http -- [options]

  --rounds N     measurements of each program in each row, interleaved (5)
  --seconds N    length of each measurement (3)
  --only A,B     only these rows: ${rows.map(({ name }) => name).join(', ')}
  --peers A,B    only these programs
  --threads N    threads that move bytes, the same for all (1)
  --pin yes|no   no: the scheduler decides where load and proxy run (yes)
  --no-record    do not write bench/results
  --help

wrk is the load, nginx the server behind. haproxy and nginx are taken when they are installed, envoy as in bench:tcp.
`;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly threads: number;
  readonly pin: boolean;
  readonly rows: readonly Row[];
  readonly peers: readonly string[];
  readonly record: boolean;
}

type Samples = Map<string, Sample[]>;

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: '' },
      threads: { type: 'string', default: '1' },
      pin: { type: 'string', default: 'yes' },
      'no-record': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    rounds: Math.round(positive('rounds', values.rounds)),
    seconds: positive('seconds', values.seconds),
    threads: Math.round(positive('threads', values.threads)),
    pin: pinned(values.pin),
    rows: chosen('only', rows, list(values.only)),
    peers: list(values.peers),
    record: !values['no-record'],
  };
}

function say(text: string): void {
  process.stdout.write(text);
}

interface Running {
  readonly peer: HttpPeer;
  readonly address: string;
  readonly leash: Leash;
}

interface Site {
  readonly target: string;
  readonly folder: string;
}

async function start(
  programs: Programs,
  peer: HttpPeer,
  site: Site,
  routes: number,
  options: Options,
): Promise<Running> {
  const address = await freeAddress();
  const command = peer.command({ ...site, listen: address, threads: options.threads, routes });
  const cpu = options.pin ? outerCpus().last : undefined;
  return { peer, address, leash: await startListening(programs, peer.name, command, address, cpu) };
}

async function measureRow(row: Row, running: readonly Running[], options: Options) {
  const samples: Samples = new Map(running.map(({ peer }) => [peer.name, []]));
  const cpu = options.pin ? outerCpus().first : undefined;
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { peer, address, leash } of running) {
      const sample = await measure(row, address, leash.pid, options.seconds, cpu);
      samples.get(peer.name)?.push(sample);
    }
  }
  return samples;
}

function valuesOf(samples: Samples, name: string, metric: keyof Sample): number[] {
  return (samples.get(name) ?? []).map((sample) => sample[metric]);
}

function renderRow(row: Row, samples: Samples): string {
  const columns = ['CPU us', 'to floor', 'requests/s', 'p50 us', 'p99 us'];
  const head = `${row.title.padEnd(32)}${columns.map((text) => text.padStart(12)).join('')}\n`;
  const lines = [...samples.keys()].map((name) => {
    const cpu = valuesOf(samples, name, 'cpuUsPerRequest');
    const ratio = pairedRatio(cpu, valuesOf(samples, 'copy-floor', 'cpuUsPerRequest'));
    const figures = [
      median(cpu).toFixed(2),
      Number.isFinite(ratio) ? ratio.toFixed(2) : '-',
      median(valuesOf(samples, name, 'requestsPerSecond')).toFixed(0),
      median(valuesOf(samples, name, 'p50Us')).toFixed(0),
      median(valuesOf(samples, name, 'p99Us')).toFixed(0),
    ];
    return `  ${name.padEnd(30)}${figures.map((text) => text.padStart(12)).join('')}\n`;
  });
  return head + lines.join('');
}

async function run(options: Options): Promise<void> {
  const provenance = describeRun(`npm run bench:http -- ${process.argv.slice(2).join(' ')}`.trim());
  const programs = await buildPrograms();
  const folder = makeWorkFolder(programs);
  const target = await startOrigin(
    programs,
    folder,
    rows,
    options.pin ? outerCpus().first : undefined,
  );
  const peers = chosen('peers', findPeers(programs), options.peers);
  for (const { name, version, note } of peers) {
    say(`  ${name} ${version}${note === undefined ? '' : ` (${note})`}\n`);
  }
  const results: unknown[] = [];
  const byRoutes = new Map<number, Running[]>();
  for (const row of options.rows) {
    const running = byRoutes.get(row.routes) ?? [];
    byRoutes.set(row.routes, running);
    for (const peer of peers.slice(running.length)) {
      running.push(await start(programs, peer, { target, folder }, row.routes, options));
    }
    const samples = await measureRow(row, running, options);
    say(`\n${renderRow(row, samples)}`);
    results.push({ ...row, samples: Object.fromEntries(samples) });
  }
  if (options.record) {
    mkdirSync(resultsFolder, { recursive: true });
    const path = join(resultsFolder, `${provenance.date.slice(0, 10)}-http.json`);
    const { rounds, seconds, threads, pin } = options;
    const named = peers.map(({ name, kind, version, note }) => ({ name, kind, version, note }));
    const content = { ...provenance, options: { rounds, seconds, threads, pin }, peers: named };
    writeFileSync(path, `${JSON.stringify({ ...content, rows: results }, null, 2)}\n`);
    say(`\nwritten: ${relative(root, path)}\n`);
  }
}

async function main(): Promise<void> {
  stopOnSignals();
  try {
    const options = readOptions();
    if (options === null) {
      say(usage);
    } else {
      await run(options);
    }
  } catch (error) {
    process.stderr.write(`bench:http: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}

await main();
