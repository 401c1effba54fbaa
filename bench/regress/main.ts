// npm run bench:regress [-- --record]: instructions of the proxy for one connection and for one
// message, against bench/results/regress.json. Fails when a figure rises by more than 3 % and names
// the functions that grew, when detection costs a connection more than that, and when a pick among
// 10,000 endpoints costs more than one among 10. docs/benchmarks.md says when to record new figures.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { describeRun, type Provenance } from '../support/machine.ts';
import { resultsFolder, root } from '../support/paths.ts';
import { build, compilerVersion, countInstructions, countPicks } from './count.ts';
import {
  type Comparison,
  compare,
  detectionCost,
  type Figures,
  noiseBetween,
  noiseMax,
  riseMax,
  units,
} from './figures.ts';
import { judgePicks } from './picks.ts';

interface Recorded extends Provenance {
  readonly compiler: string;
  readonly figures: Figures;
}

const path = join(resultsFolder, 'regress.json');
const shownPath = relative(root, path);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(2)} %`;
}

function record(figures: Figures): void {
  const provenance = describeRun('npm run bench:regress -- --record');
  const recorded: Recorded = { ...provenance, compiler: compilerVersion(), figures };
  writeFileSync(path, `${JSON.stringify(recorded, null, 2)}\n`);
  for (const unit of units) say(`${unit}: ${figures[unit].instructions} instructions`);
  say(`written: ${shownPath}`);
}

function report(comparisons: readonly Comparison[]): void {
  for (const { unit, before, now, change, risen, grown } of comparisons) {
    say(`${unit}: ${now} instructions, recorded ${before}, ${percent(change)}`);
    if (risen) say(`  risen by more than 3 %. Functions that grew:\n    ${grown.join('\n    ')}`);
  }
}

function check(figures: Figures): boolean {
  const recorded = JSON.parse(readFileSync(path, 'utf8')) as Recorded;
  const comparisons = compare(recorded.figures, figures);
  report(comparisons);
  const risen = comparisons.some((comparison) => comparison.risen);
  const compiler = compilerVersion();
  if (risen && compiler !== recorded.compiler) {
    say(`recorded with ${recorded.compiler}, this is ${compiler}: that alone may explain it`);
  }
  if (comparisons.some(({ change }) => change < -noiseMax)) {
    say(`fewer than recorded: keep it with npm run bench:regress -- --record`);
  }
  const detection = detectionCost(figures);
  say(`detection adds ${percent(detection)} to a connection`);
  if (detection > riseMax)
    say('  more than 3 %: a client that speaks at once pays too much for it');
  return !risen && detection <= riseMax;
}

function checkPicks(): boolean {
  const verdicts = judgePicks(countPicks());
  if (verdicts.length === 0) throw new Error('bench_picks counted nothing');
  for (const { balancer, cost, rise, riseMax, passed } of verdicts) {
    const ratio = `${rise.toFixed(2)} times as many${passed ? '' : `, more than ${riseMax}`}`;
    say(`pick ${balancer}: ${cost.few} instructions of 10, ${cost.many} of 10,000, ${ratio}`);
  }
  return verdicts.every(({ passed }) => passed);
}

function main(): boolean {
  const wantsRecord = process.argv.includes('--record');
  if (!wantsRecord && !existsSync(path)) {
    throw new Error(`${shownPath} is missing: npm run bench:regress -- --record writes it.`);
  }
  build();
  const figures = countInstructions();
  const noise = noiseBetween(figures, countInstructions());
  say(`two runs differ by ${(noise * 100).toFixed(3)} %`);
  if (noise > noiseMax) {
    throw new Error(`that is more than ${noiseMax * 100} %: the script does not repeat itself.`);
  }
  const picksPassed = checkPicks();
  if (wantsRecord) {
    record(figures);
    return picksPassed;
  }
  return check(figures) && picksPassed;
}

try {
  process.exitCode = main() ? 0 : 1;
} catch (error) {
  process.stderr.write(`bench:regress: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
