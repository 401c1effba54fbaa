// A reporter for `node --test` that the runner reads: every test on one line, failures with their
// error, and a last line `weft-test: {...}` with the counts. A file without a test is a failure.

import { relative } from 'node:path';
import process from 'node:process';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {any} data */
function isFile(data) {
  return data.nesting === 0 && data.file !== undefined && data.name.endsWith('.js');
}

/** @param {any} data */
function where(data) {
  return data.file ? relative(process.cwd(), data.file) : '';
}

/** @param {any} data */
function describeError(data) {
  const error = data.details?.error;
  const cause = error?.cause instanceof Error ? error.cause : error;
  const text = cause?.stack ?? String(cause?.message ?? cause);
  return text.replace(/^/gm, '    ');
}

/** @param {AsyncIterable<{ type: string, data: any }>} source */
export default async function* report(source) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    // At the top level are node's own totals; below it what a test wants to be known.
    if (type === 'test:diagnostic' && data.nesting > 0) yield `note ${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const isSuite = data.details?.type === 'suite';
    if (data.skip !== undefined || data.todo !== undefined) {
      counts.skipped += 1;
      const reason = typeof data.skip === 'string' && data.skip !== '' ? `: ${data.skip}` : '';
      yield `skip ${data.name}${reason} (${where(data)})\n`;
    } else if (type === 'test:fail') {
      // A suite or file that failed because of its tests is told by those.
      if (data.details?.error?.failureType === 'subtestsFailed') continue;
      counts.failed += 1;
      yield `FAIL ${data.name} (${where(data)})\n${describeError(data)}\n`;
    } else if (isFile(data)) {
      counts.failed += 1;
      yield `FAIL ${data.name}: the file holds no test.\n`;
    } else if (!isSuite) {
      counts.passed += 1;
      yield `ok   ${data.name} (${data.details?.duration_ms?.toFixed(0)} ms)\n`;
    }
  }
  yield `weft-test: ${JSON.stringify(counts)}\n`;
}
