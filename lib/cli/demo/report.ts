// What the demo found out, for people and as JSON, and whether anything was lost.

import { formatCount, formatUs } from './format.ts';
import { bulkRate } from './screen.ts';
import type { Tally } from './tally.ts';

export interface KillReport {
  readonly backend: string;
  /** Seconds into the phase through Weft. */
  readonly atSeconds: number;
  readonly interrupted: number;
  /** From its return until Weft used it again; `null` when it did not. */
  readonly backInUseMs: number | null;
}

export interface DemoReport {
  readonly direct: Tally;
  readonly weft: Tally;
  /** `null` when the demo was ended before. */
  readonly kill: KillReport | null;
  /** Ended by a person before its time: what did not happen is then no loss. */
  readonly endedEarly: boolean;
  readonly weftExitCode: number | null;
  readonly weftCpuSeconds: number | null;
  /** What went wrong outside the traffic. */
  readonly problems: readonly string[];
}

/** Everything that was lost, as sentences; empty when nothing was. */
export function losses(report: DemoReport): string[] {
  const { direct, weft, kill, endedEarly, weftExitCode, problems } = report;
  const found = [...problems];
  for (const [name, tally] of [
    ['direct', direct],
    ['through weft', weft],
  ] as const) {
    if (tally.errors > 0) {
      found.push(`${name}: ${tally.errors} errors, first: ${tally.errorTexts.join('; ')}`);
    }
    if (tally.mismatches > 0) {
      found.push(`${name}: ${tally.mismatches} answers or checksums were wrong`);
    }
    const isIdle = tally.messages.count * tally.visits.count * tally.checksums === 0;
    if (isIdle && !endedEarly) {
      found.push(`${name}: one kind of traffic did nothing`);
    }
  }
  if (kill !== null && kill.backInUseMs === null && !endedEarly) {
    found.push(`backend ${kill.backend} was not used again after it came back`);
  }
  if (weftExitCode !== 0) {
    found.push(`weft ended with exit code ${weftExitCode}`);
  }
  return found;
}

export function reportText(report: DemoReport): string {
  const { direct, weft, kill, weftCpuSeconds } = report;
  const row = (name: string, left: string, right: string): string =>
    `  ${name.padEnd(22)}${left.padStart(14)}${right.padStart(16)}`;
  const both = (name: string, of: (tally: Tally) => string): string =>
    row(name, of(direct), of(weft));
  const rate = (count: number, { seconds }: Tally): string => `${formatCount(count / seconds)}/s`;
  const lost = losses(report);
  const checksums = direct.checksums + weft.checksums;
  return [
    '',
    row('', 'direct', 'through weft'),
    both('messages', (tally) => rate(tally.messages.count, tally)),
    both('  latency p50', ({ messages }) => formatUs(messages.quantile(0.5))),
    both('  latency p99', ({ messages }) => formatUs(messages.quantile(0.99))),
    both('visits', (tally) => rate(tally.visits.count, tally)),
    both('  duration p50', ({ visits }) => formatUs(visits.quantile(0.5))),
    both('bulk', bulkRate),
    '',
    ...(kill === null ? [] : [killText(kill)]),
    ...(weftCpuSeconds === null ? [] : [`Weft used ${weftCpuSeconds.toFixed(2)} s of CPU.`]),
    `${checksums} checksums and ${formatCount(messagesCompared(report))} messages compared.`,
    ...(lost.length === 0 ? ['0 errors.'] : ['Lost:', ...lost.map((text) => `  ${text}`)]),
    '',
  ].join('\n');
}

export function reportJson(report: DemoReport): string {
  const tally = (of: Tally): object => ({
    seconds: rounded(of.seconds),
    messages: of.messages.count,
    messageLatencyUs: quantiles(of.messages),
    visits: of.visits.count,
    visitDurationUs: quantiles(of.visits),
    bulkBytes: of.bulkBytes,
    bulkSeconds: rounded(of.bulkSeconds),
    checksums: of.checksums,
    mismatches: of.mismatches,
    interrupted: of.interrupted,
    errors: of.errors,
    connections: Object.fromEntries(of.greetings),
  });
  const lost = losses(report);
  const { kill, weftExitCode, weftCpuSeconds } = report;
  const all = {
    ok: lost.length === 0,
    direct: tally(report.direct),
    weft: tally(report.weft),
    kill,
    weftExitCode,
    weftCpuSeconds,
    losses: lost,
  };
  return `${JSON.stringify(all, null, 2)}\n`;
}

function killText({ backend, atSeconds, interrupted, backInUseMs }: KillReport): string {
  const back =
    backInUseMs === null ? 'not used again' : `in use again ${formatCount(backInUseMs)} ms later`;
  return (
    `Backend ${backend} was killed after ${atSeconds.toFixed(1)} s: its ${interrupted} open connections ` +
    `were made again elsewhere, no other one failed; it was started and ${back}.`
  );
}

function messagesCompared({ direct, weft }: DemoReport): number {
  return [direct, weft].reduce(
    (sum, { messages, visits }) => sum + messages.count + visits.count,
    0,
  );
}

function quantiles(latency: Tally['messages']): object {
  return {
    p50: rounded(latency.quantile(0.5)),
    p99: rounded(latency.quantile(0.99)),
    p999: rounded(latency.quantile(0.999)),
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000) / 1_000;
}
