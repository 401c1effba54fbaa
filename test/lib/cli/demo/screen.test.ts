import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Screen } from '../../../../lib/cli/demo/screen.ts';
import { Tally } from '../../../../lib/cli/demo/tally.ts';

function draw(isTTY: boolean, times: number): string {
  let text = '';
  const screen = new Screen({
    isTTY,
    write: (part) => {
      text += part;
    },
  });
  const scene = {
    phase: 'weft',
    tally: new Tally(),
    openCount: 14,
    seconds: 5,
    adminAddress: '127.0.0.1:4191',
    backends: [
      { name: 'a', isRunning: true },
      { name: 'b', isRunning: false },
    ],
  };
  for (let count = 0; count < times; count++) {
    screen.show(scene);
  }
  return text;
}

test('piped, each drawing is one line without a control character', () => {
  const text = draw(false, 2);
  assert.equal(text.split('\n').length, 3);
  assert.match(text, /14 open .*killed: b/);
  assert.ok(!text.includes('\u001b'));
});

test('on a terminal the table is drawn over itself', () => {
  const lines = draw(true, 1).split('\n').length - 1;
  const twice = draw(true, 2);
  assert.ok(twice.includes(`\u001b[${lines}A`));
  assert.match(twice, /b KILLED/);
  assert.match(twice, /http:\/\/127\.0\.0\.1:4191\/metrics/);
});
