// The arithmetic of the report, and what is drawn from it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRun } from '../support/machine.ts';
import { median, pairedRatio, spread } from '../support/stats.ts';
import { drawChart } from '../tcp/chart.ts';
import type { RowResult } from '../tcp/measure.ts';
import { readOptions } from '../tcp/options.ts';
import type { Peer, PeerKind } from '../tcp/peers/peer.ts';
import { type RowName, rows, type Sample, sampleOf } from '../tcp/rows.ts';
import { renderRow, renderVerdicts } from '../tcp/table.ts';
import { judge } from '../tcp/targets.ts';

function peer(name: string, kind: PeerKind): Peer {
  return { name, kind, version: '1', command: () => [] };
}

const peers = [peer('copy-floor', 'floor'), peer('weft', 'weft'), peer('other', 'competitor')];

function resultOf(name: RowName, samples: Record<string, Sample[]>): RowResult {
  const row = rows.find((candidate) => candidate.name === name);
  assert.ok(row);
  return { row, samples: new Map(Object.entries(samples)), failures: new Map() };
}

function pingPong(weftCpu: number) {
  return resultOf('ping-pong-1', {
    'copy-floor': [1, 2, 4].map((cpuPerUnit) => ({ cpuPerUnit, p99Us: 100, throughput: 10 })),
    weft: [1, 2, 4].map((x) => ({ cpuPerUnit: x * weftCpu, p99Us: 105, throughput: 10 })),
    other: [1, 2, 4].map((x) => ({ cpuPerUnit: x * 1.2, p99Us: 104, throughput: 9 })),
  });
}

test('a median is the middle value, or the mean of the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('ratios are taken round by round, so that drift cancels', () => {
  assert.equal(pairedRatio([2, 20, 200], [1, 10, 100]), 2);
  assert.equal(spread([8, 10, 12]), 0.2);
});

test('CPU time is given for a message in microseconds and for a GiB in seconds', () => {
  const figures = { seconds: 2, units: 2 ** 31, cpuSeconds: 1, processes: 1 };
  const bulk = rows.find(({ name }) => name === 'bulk-1');
  const echo = rows.find(({ name }) => name === 'ping-pong-1');
  assert.ok(bulk && echo);
  assert.deepEqual(sampleOf(bulk, figures), { throughput: 1, cpuPerUnit: 0.5 });
  const sample = sampleOf(echo, { ...figures, units: 1000, latencyP50Us: 7 });
  assert.equal(sample.cpuPerUnit, 1000);
  assert.equal(sample.p50Us, 7);
  assert.equal(sampleOf(echo, { ...figures, processes: 0 }).cpuPerUnit, undefined);
});

test('a target is reached at its limit and missed above it', () => {
  const verdict = (weftCpu: number, target: string) =>
    judge(new Map([['ping-pong-1', pingPong(weftCpu)]]), peers).find(
      (candidate) => candidate.target === target,
    )?.status;
  assert.equal(verdict(1.05, 'ping-pong-1: CPU against the copy-floor'), 'PASS');
  assert.equal(verdict(1.06, 'ping-pong-1: CPU against the copy-floor'), 'MISS');
  assert.equal(verdict(1.19, 'ping-pong-1: CPU against other'), 'PASS');
  assert.equal(verdict(1.2, 'ping-pong-1: CPU against other'), 'MISS');
  assert.equal(verdict(1, 'ping-pong-1: p99 against the copy-floor'), 'PASS');
  assert.equal(verdict(1, 'ping-pong-1: p99 against other'), 'MISS');
  assert.equal(verdict(1, 'bulk-1: CPU against the splice-floor'), undefined);
});

test('a target that was not measured is neither reached nor missed', () => {
  const empty = resultOf('start', { weft: [] });
  const [verdict] = judge(new Map([['start', empty]]), peers);
  assert.equal(verdict?.status, 'not measured');
});

test('the table has a line for each measured peer and says what failed', () => {
  const result = pingPong(1);
  result.samples.delete('other');
  result.failures.set('other', 'it broke');
  const text = renderRow(result, ['copy-floor', 'weft', 'other']);
  assert.match(text, /weft +10\.0/);
  assert.match(text, /other failed: it broke/);
  assert.match(renderVerdicts(judge(new Map([['ping-pong-1', result]]), peers)), /PASS/);
});

test('the chart is well-formed and names every peer that it shows', () => {
  const result = resultOf('start', { weft: [{ startMs: 200 }], 'a<b': [{ startMs: 100 }] });
  const options = readOptions([]);
  assert.ok(options);
  const svg = drawChart({
    provenance: describeRun('test'),
    options,
    peers: [peer('weft', 'weft'), peer('a<b', 'competitor')],
    results: new Map([['start', result]]),
    verdicts: [],
  });
  const tags = svg.match(/<\/?[a-z]+|\/>/g) ?? [];
  let depth = 0;
  for (const tag of tags) depth += tag.startsWith('</') || tag === '/>' ? -1 : 1;
  assert.equal(depth, 0);
  assert.match(svg, /a&lt;b/);
  assert.match(svg, /class="weft"/);
  assert.match(svg, /prefers-color-scheme: dark/);
});

test('wrong options are named', () => {
  assert.throws(() => readOptions(['--only', 'nothing']), /no row nothing/);
  assert.throws(() => readOptions(['--rounds', '0']), /--rounds: expected a number above 0/);
  assert.throws(() => readOptions(['--pin', 'maybe']), /--pin: expected yes or no/);
  assert.equal(readOptions(['--help']), null);
  assert.equal(readOptions(['--quick'])?.record, false);
  assert.deepEqual(readOptions(['--redirect', '--only', 'connect,memory'])?.rows, ['connect']);
});
