// Chromium without a window: loads the page of the application through Weft, and says what the page reports.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const [base = ''] = process.argv.slice(2);
const waitMs = 60_000;
const profile = mkdtempSync(join(tmpdir(), 'weft-browser-'));

// Whether the machine has a display, a sandbox, much shared memory or a way out does not matter.
const browser = spawn(
  'chromium',
  [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--no-proxy-server',
    `--user-data-dir=${profile}`,
    `${base}/page`,
  ],
  { stdio: 'ignore', detached: true },
);
const ended = new Promise((resolve) => {
  browser.once('error', resolve);
  browser.once('exit', resolve);
});

/** Null until there is one. */
async function report() {
  const answer = await fetch(`${base}/report`);
  return answer.status === 200 ? answer.text() : null;
}

async function wait() {
  const giveUpAt = performance.now() + waitMs;
  while (performance.now() < giveUpAt && browser.exitCode === null) {
    const text = await report();
    if (text !== null) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return `no report of the page; Chromium ended with ${browser.exitCode}`;
}

const text = await wait();
// It is the first of several processes, all of one group.
if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
await ended;
rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
console.log(text);
process.exitCode = text.startsWith('100 resources, ') ? 0 : 1;
