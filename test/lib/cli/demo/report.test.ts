import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DemoReport,
  losses,
  reportJson,
  reportText,
} from '../../../../lib/cli/demo/report.ts';
import { Tally } from '../../../../lib/cli/demo/tally.ts';

function tallyOf(): Tally {
  const tally = new Tally();
  tally.messages.add(50);
  tally.visits.add(200);
  tally.checksums = 1;
  tally.bulkBytes = 8_388_608;
  tally.bulkSeconds = 0.01;
  return tally;
}

function reportOf(parts: Partial<DemoReport> = {}): DemoReport {
  return {
    direct: tallyOf(),
    weft: tallyOf(),
    kill: { backend: 'b', atSeconds: 1.5, interrupted: 3, backInUseMs: 20 },
    endedEarly: false,
    weftExitCode: 0,
    weftCpuSeconds: 0.5,
    problems: [],
    ...parts,
  };
}

test('a demo in which nothing was lost says 0 errors', () => {
  assert.deepEqual(losses(reportOf()), []);
  assert.match(reportText(reportOf()), /^0 errors\.$/m);
  assert.equal(JSON.parse(reportJson(reportOf())).ok, true);
});

for (const [what, parts, says] of [
  [
    'an error',
    { weft: Object.assign(tallyOf(), { errors: 2, errorTexts: ['reset'] }) },
    /2 errors.*reset/,
  ],
  ['a wrong checksum', { direct: Object.assign(tallyOf(), { mismatches: 1 }) }, /1 answers/],
  ['traffic that did nothing', { weft: new Tally() }, /did nothing/],
  ['a proxy that failed', { weftExitCode: 1 }, /exit code 1/],
  ['an error in its log', { problems: ['weft: broken'] }, /broken/],
  [
    'a backend that is not used again',
    { kill: { backend: 'b', atSeconds: 1, interrupted: 0, backInUseMs: null } },
    /not used again/,
  ],
] as const) {
  test(`${what} is a loss`, () => {
    const report = reportOf(parts as Partial<DemoReport>);
    const found = losses(report);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', says);
    assert.doesNotMatch(reportText(report), /0 errors/);
    assert.equal(JSON.parse(reportJson(report)).ok, false);
  });
}

test('what did not happen is no loss when a person ended it', () => {
  assert.deepEqual(losses(reportOf({ endedEarly: true, weft: new Tally(), kill: null })), []);
});

test('connections that the killed backend took along are no loss', () => {
  const weft = Object.assign(tallyOf(), { interrupted: 5 });
  assert.deepEqual(losses(reportOf({ weft })), []);
});
