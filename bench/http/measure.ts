// Measures a row: all peers are started, their answers are looked at, then each is measured once per round.

import { type Interleaved, interleave } from '../support/interleave.ts';
import { median } from '../support/stats.ts';
import { closedLoop } from './closed-loop.ts';
import { openLoop } from './open-loop.ts';
import type { HttpPeer } from './peers/peer.ts';
import { prove } from './prove.ts';
import { peakRow, type Row, rows } from './rows.ts';
import { type RunningPeer, type Session, setupOf, startPeer } from './session.ts';

/** What one measurement yields; absent where a row does not have it. */
export type Metric =
  | 'requestsPerSecond'
  | 'cpuUsPerRequest'
  | 'p50Us'
  | 'p99Us'
  | 'p999Us'
  // How late the load itself was, part of the latencies of an open loop.
  | 'lagP99Us'
  // Of an open loop: what it was meant to be.
  | 'rate'
  // Of the overload: what the proxy carries when nobody asks for more, and how long that takes at half of it.
  | 'peakPerSecond'
  | 'unloadedP99Us'
  | 'refusedPerSecond'
  | 'refusedP99Us'
  // Requests that were answered with something else than the endpoint's answer or a refusal, or not at all.
  | 'lost'
  // Of the idle clients, in bytes.
  | 'idleBytes'
  | 'pairBytes'
  | 'leftBytes';

export type Sample = Partial<Record<Metric, number>>;

export interface RowResult extends Interleaved<Sample> {
  readonly row: Row;
}

export interface ScenarioResult extends Interleaved<Sample> {
  readonly scenario: {
    readonly name: string;
    readonly title: string;
    // What was done, in numbers.
    readonly facts: Readonly<Record<string, number>>;
    // How each program was set up for it.
    readonly variants: Readonly<Record<string, string>>;
  };
}

// One measurement of that row, when it was not asked for.
const peakProbeSeconds = 1;

async function peakOf(session: Session, { peer, address, leash }: RunningPeer): Promise<number> {
  const known = session.peaks.get(peer.name);
  if (known !== undefined) return known;
  const row = rows.find(({ name }) => name === peakRow);
  if (row === undefined) throw new Error(`there is no row ${peakRow}`);
  const sample = await closedLoop(session, row, address, leash.pid, peakProbeSeconds);
  session.peaks.set(peer.name, sample.requestsPerSecond);
  return sample.requestsPerSecond;
}

async function measureOnce(session: Session, row: Row, running: RunningPeer): Promise<Sample> {
  const { address, leash } = running;
  if (row.load === 'closed') {
    return closedLoop(session, row, address, leash.pid, session.options.seconds);
  }
  const rate = row.load === 'half' ? (await peakOf(session, running)) / 2 : session.options.rate;
  return openLoop(session, row, address, leash.pid, Math.round(rate));
}

/** Peers that run, by what they are set up for: rows that need the same share them. */
export type Stage = Map<string, RunningPeer[]>;

async function onStage(session: Session, row: Row, peers: readonly HttpPeer[], stage: Stage) {
  const setup = setupOf(session, row);
  const key = JSON.stringify(setup);
  const running = stage.get(key) ?? [];
  stage.set(key, running);
  const refused = new Map<string, string>();
  for (const peer of peers) {
    if (running.some((one) => one.peer === peer)) continue;
    try {
      running.push(await startPeer(session, peer, setup));
    } catch (error) {
      refused.set(peer.name, error instanceof Error ? error.message : String(error));
    }
  }
  return { running, refused };
}

export async function measureRow(
  session: Session,
  row: Row,
  peers: readonly HttpPeer[],
  stage: Stage,
): Promise<RowResult> {
  const { running, refused } = await onStage(session, row, peers, stage);
  const proved = new Set<RunningPeer>();
  const taken = await interleave(session.options.rounds, running, async (one) => {
    if (!proved.has(one)) await prove(row, one.address);
    proved.add(one);
    return measureOnce(session, row, one);
  });
  for (const [name, reason] of refused) taken.failures.set(name, reason);
  if (row.name === peakRow) {
    for (const [name, samples] of taken.samples) {
      const rates = samples.map(({ requestsPerSecond = 0 }) => requestsPerSecond);
      session.peaks.set(name, median(rates));
    }
  }
  return { row, ...taken };
}
