// The reading of callgrind's dumps, and the verdict on them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCallgrind } from '../regress/callgrind.ts';
import {
  compare,
  detectionCost,
  type Figure,
  type Figures,
  figureOf,
  noiseBetween,
  units,
} from '../regress/figures.ts';
import { judgePicks, picksOf } from '../regress/picks.ts';

const dump = `# callgrind format
version: 1
desc: Trigger: Client Request: message
positions: line
events: Ir
summary: 360

ob=(1) /x/bench_regress
fl=(1) a.cc
fn=(1) weft::proxy::Side::read()
10 100
cfi=(2) b.cc
cfn=(2) weft::os::recv(int)
calls=5 +3
* 150
-1 40
fi=(3) inlined.h
7 10

fn=(2)
5 150

fn=(3) weft::bench::(anonymous namespace)::HandClock::now() const
57 60

totals: 360
`;

test('a function has its own instructions and not those of what it called', () => {
  const { name, functions } = parseCallgrind(dump);
  assert.equal(name, 'message');
  assert.deepEqual(Object.fromEntries(functions), {
    'weft::proxy::Side::read()': 150,
    'weft::os::recv(int)': 150,
    'weft::bench::(anonymous namespace)::HandClock::now() const': 60,
  });
});

test('the script itself is not counted', () => {
  const figure = figureOf(parseCallgrind(dump), 10);
  assert.equal(figure.instructions, 30);
  assert.deepEqual(Object.keys(figure.functions).length, 2);
});

function figures(functions: Record<string, number>): Figures {
  const instructions = Object.values(functions).reduce((sum, cost) => sum + cost, 0);
  const figure: Figure = { instructions, functions };
  return {
    connection: figure,
    spoken: figure,
    detected: figure,
    request: figure,
    routed10: figure,
    routed10000: figure,
    message: figure,
  };
}

test('a rise of 3 % passes, a larger one fails and names what grew, the most first', () => {
  const before = figures({ read: 500, write: 400, turn: 100 });
  const within = compare(before, figures({ read: 530, write: 400, turn: 100 }));
  assert.deepEqual(
    within.map(({ unit, risen }) => [unit, risen]),
    units.map((unit) => [unit, false]),
  );
  const [connection] = compare(before, figures({ read: 510, write: 390, turn: 100, log: 35 }));
  assert.equal(connection?.risen, true);
  assert.deepEqual(connection?.grown, ['+35 (0 -> 35) log', '+10 (500 -> 510) read']);
});

test('what detection adds is a share of the same connection without it', () => {
  const measured = { ...figures({ a: 1000 }), detected: { instructions: 1020, functions: {} } };
  assert.ok(Math.abs(detectionCost(measured) - 0.02) < 1e-9);
});

test('noise is the largest difference between two runs', () => {
  assert.equal(noiseBetween(figures({ a: 1000 }), figures({ a: 1005 })), 0.005);
});

test('a pick among many endpoints may cost little more than one among few', () => {
  const profileOf = (name: string, cost: number) => ({ name, functions: new Map([['f', cost]]) });
  const verdicts = (few: number, many: number, balancer = 'maglev') => {
    const profiles = [profileOf(`${balancer} 10`, few), profileOf(`${balancer} 10000`, many)];
    return judgePicks(picksOf([profileOf('between', 1), ...profiles], 10));
  };
  assert.deepEqual(verdicts(1_000, 1_200)[0]?.cost, { few: 100, many: 120 });
  assert.equal(verdicts(1_000, 1_200)[0]?.passed, true);
  assert.equal(verdicts(1_000, 1_210)[0]?.passed, false);
  assert.equal(verdicts(1_000, 4_000, 'roundRobin')[0]?.passed, true);
  assert.equal(verdicts(1_000, 4_100, 'leastConnections')[0]?.passed, false);
  assert.equal(verdicts(1_000, 1_000).length, 1);
});
