// Measures a row: all peers are started, then each is measured once per round.

import { interleave } from '../support/interleave.ts';
import { runClient } from '../support/leash.ts';
import { median } from '../support/stats.ts';
import { measureMemory } from './memory.ts';
import type { Peer } from './peers/peer.ts';
import { type Row, rows, type Sample, sampleOf } from './rows.ts';
import { type RunningPeer, type Session, startPeer } from './session.ts';
import { measureStart } from './start.ts';

export interface RowResult {
  readonly row: Row;
  // By peer, one sample for each round, in the order of the rounds.
  readonly samples: Map<string, Sample[]>;
  // Peers that could not be measured, with the reason.
  readonly failures: Map<string, string>;
}

const warmupSeconds = '0.3';
// Half load is half of what the peer carries with one message under way, all on one CPU: the CPU is
// then about half busy, which half of a batched peak would not leave it.
const peakRow = 'ping-pong-1';
// One measurement of that row, when it was not asked for.
const peakProbeSeconds = 1;

async function runLoad(
  session: Session,
  row: Row,
  running: RunningPeer,
  extra: readonly string[],
  seconds = session.options.seconds,
): Promise<Sample> {
  const args = [...row.load, '--to', running.address, '--tree', String(running.tree)];
  args.push('--seconds', String(seconds), '--warmup', warmupSeconds, ...extra);
  const cpu = session.places[row.placement].load;
  if (cpu !== undefined) args.push('--cpu', String(cpu));
  return sampleOf(row, await runClient(session.programs, args));
}

async function peakOf(session: Session, running: RunningPeer): Promise<number> {
  const known = session.peaks.get(running.peer.name);
  if (known !== undefined) return known;
  const row = rows.find(({ name }) => name === peakRow);
  if (row === undefined) throw new Error(`there is no row ${peakRow}`);
  const sample = await runLoad(session, row, running, [], peakProbeSeconds);
  session.peaks.set(running.peer.name, sample.throughput ?? 0);
  return sample.throughput ?? 0;
}

async function measureOnce(session: Session, row: Row, running: RunningPeer): Promise<Sample> {
  if (row.name === 'latency') {
    return runLoad(session, row, running, ['--rate', String(session.options.rate)]);
  }
  if (row.name === 'latency-half') {
    const rate = Math.round((await peakOf(session, running)) / 2);
    return runLoad(session, row, running, ['--rate', String(rate)]);
  }
  return runLoad(session, row, running, []);
}

async function measureRunning(session: Session, row: Row, peers: Peer[]): Promise<RowResult> {
  const running: RunningPeer[] = [];
  const refused = new Map<string, string>();
  try {
    for (const peer of peers) {
      try {
        running.push(await startPeer(session, peer, row.service, row.placement));
      } catch (error) {
        refused.set(peer.name, error instanceof Error ? error.message : String(error));
      }
    }
    // Bytes are right or they are not: once is enough.
    const rounds = row.name === 'exact' ? 1 : session.options.rounds;
    const taken = await interleave(rounds, running, (entry) => measureOnce(session, row, entry));
    for (const [name, reason] of refused) taken.failures.set(name, reason);
    return { row, ...taken };
  } finally {
    await Promise.all(running.map((entry) => entry.stop()));
  }
}

export async function measureRow(
  session: Session,
  row: Row,
  all: readonly Peer[],
): Promise<RowResult> {
  const peers = all.filter((peer) => peer.rows === undefined || peer.rows.includes(row.name));
  if (row.method !== 'client') {
    const measure = row.method === 'memory' ? measureMemory : measureStart;
    const entries = peers.map((peer) => ({ peer }));
    const { rounds } = session.options;
    return { row, ...(await interleave(rounds, entries, ({ peer }) => measure(session, peer))) };
  }
  const result = await measureRunning(session, row, peers);
  if (row.name === peakRow) {
    for (const [name, samples] of result.samples) {
      session.peaks.set(name, median(samples.map(({ throughput }) => throughput ?? 0)));
    }
  }
  return result;
}
