// The test runner behind `npm test`, `npm run test:full` and .ci/run. Without arguments it runs the
// groups of level `test`; `--ci` and `--full` pick the other levels; names pick groups of any level.
// CI=true turns a skipped group, a skipped test and a group that ran nothing into failures.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { Context, root } from './testing/context.mjs';
import { GROUPS } from './testing/groups.mjs';
import { canInstall, missing, packagesOf } from './testing/needs.mjs';

/** @typedef {import('./testing/groups.mjs').Group} Group */
/** @typedef {{
 *   group: Group, status: 'passed' | 'failed' | 'skipped', seconds: number,
 *   passed: number, failed: number, skipped: number, note: string,
 * }} Row */

const strict = process.env['CI'] === 'true' || process.env['CI'] === '1';

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** @param {string[]} args @returns {Group[]} */
function choose(args) {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.filter((name) => !GROUPS.some((group) => group.name === name));
  if (unknown.length > 0) {
    say(`no group ${unknown.join(', ')}; --list shows them.`);
    process.exit(2);
  }
  const level = args.includes('--ci') ? 'ci' : args.includes('--full') ? 'full' : 'test';
  return withPrerequisites((group) =>
    names.length > 0 ? names.includes(group.name) : group.level === level,
  );
}

/** A group that comes after others brings them along.
 * @param {(group: Group) => boolean} wanted */
function withPrerequisites(wanted) {
  const chosen = new Set(GROUPS.filter(wanted));
  for (const group of [...GROUPS].reverse()) {
    if (!chosen.has(group)) continue;
    for (const name of group.after ?? []) {
      const earlier = GROUPS.find((other) => other.name === name);
      if (earlier) chosen.add(earlier);
    }
  }
  return GROUPS.filter((group) => chosen.has(group));
}

/** Brings what the chosen groups lack, where this process may install packages.
 * @param {Group[]} groups */
function installMissing(groups) {
  const lacking = packagesOf(missing(groups.flatMap((group) => group.needs ?? [])));
  if (lacking.length === 0 || !canInstall()) return;
  say(`installing Debian packages that the tests need: ${lacking.join(' ')}`);
  say('  (WEFT_TEST_NO_INSTALL=1 turns this off)');
  try {
    execFileSync(join(root, 'scripts/setup-debian.sh'), lacking, { stdio: 'inherit' });
  } catch {
    say('  the installation failed; groups that need these packages are skipped.');
  }
}

/** @param {Group} group @param {Row[]} rows */
function reasonToSkip(group, rows) {
  const broken = (group.after ?? []).find((name) =>
    rows.some((row) => row.group.name === name && row.status !== 'passed'),
  );
  if (broken) return `${broken} did not pass`;
  const lacking = missing(group.needs ?? []);
  if (lacking.length === 0) return '';
  const names = lacking.map((need) =>
    'ability' in need ? need.ability : (need.program ?? need.file),
  );
  const packages = packagesOf(lacking).join(' ');
  return `needs ${names.join(', ')}${packages === '' ? '' : `: apt-get install ${packages}`}`;
}

/** @param {Group} group @param {Row[]} rows @returns {Promise<Row>} */
async function runGroup(group, rows) {
  const reason = reasonToSkip(group, rows);
  if (reason) {
    const status = strict ? 'failed' : 'skipped';
    return { group, status, seconds: 0, passed: 0, failed: 0, skipped: 0, note: reason };
  }
  const began = performance.now();
  const context = new Context(group.name, group.budgetMinutes);
  const result = await group.run(context).catch(failedToRun);
  const seconds = (performance.now() - began) / 1000;
  const { passed, failed, skipped, failure } = result;
  let note = '';
  if (failed > 0) {
    note = `see ${relative(root, context.logFile)}`;
    say(tail(failure ?? readFileSync(context.logFile, 'utf8')));
  } else if (passed === 0) {
    note = 'there was nothing to run';
  } else if (skipped > 0 && !group.maySkip) {
    note = `skipped tests, named in ${relative(root, context.logFile)}`;
  }
  const incomplete = failed > 0 || (strict && note !== '');
  const status = incomplete ? 'failed' : passed > 0 ? 'passed' : 'skipped';
  // A busy machine is no defect: what takes too long is said, and ended at three times its budget.
  if (note === '' && seconds > group.budgetMinutes * 60) note = 'over its budget';
  return { group, status, seconds, passed, failed, skipped, note };
}

/** A group that throws has failed; its words are its reason.
 * @param {unknown} error
 * @returns {import('./testing/runners.mjs').Result} */
function failedToRun(error) {
  const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { passed: 0, failed: 1, skipped: 0, failure };
}

/** @param {string} text */
function tail(text) {
  const lines = text.trimEnd().split('\n');
  const left = lines.length - 80;
  return left > 0 ? `... ${left} lines before\n${lines.slice(-80).join('\n')}` : lines.join('\n');
}

/** @param {Row} row */
function formatRow(row) {
  const { group, status, seconds, passed, failed, skipped, note } = row;
  const counts = [String(passed), String(failed), String(skipped)].map((text) => text.padStart(8));
  const time = `${seconds.toFixed(0).padStart(6)} s of ${group.budgetMinutes} min`;
  return `${group.name.padEnd(17)}${status.padEnd(8)}${counts.join('')}${time}  ${note}`.trimEnd();
}

/** @param {Group[]} groups */
async function runAll(groups) {
  installMissing(groups);
  /** @type {Row[]} */
  const rows = [];
  for (const group of groups) {
    say(`${group.name}: ${group.about}`);
    const row = await runGroup(group, rows);
    rows.push(row);
    say(`  ${row.status} in ${row.seconds.toFixed(1)} s${row.note ? `: ${row.note}` : ''}`);
  }
  say(`\ngroup            result    passed  failed skipped   time`);
  for (const row of rows) say(formatRow(row));
  const count = (/** @type {Row['status']} */ status) =>
    rows.filter((row) => row.status === status).length;
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} skipped` : '';
  say(
    `\n${count('passed')} passed, ${count('failed')} failed${skipped} (groups, ${seconds.toFixed(0)} s)`,
  );
  return count('failed') === 0;
}

const args = process.argv.slice(2);
if (args.includes('--packages')) {
  say(packagesOf(GROUPS.flatMap((group) => group.needs ?? [])).join(' '));
} else if (args.includes('--list')) {
  for (const { name, level, budgetMinutes, about } of GROUPS) {
    say(`${name.padEnd(17)}${level.padEnd(6)}${String(budgetMinutes).padStart(3)} min  ${about}`);
  }
} else {
  process.exit((await runAll(choose(args))) ? 0 : 1);
}
