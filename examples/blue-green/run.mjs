// Switches a service from one version to the next and back under an even load, by reloads of a running Weft: a tenth by
// weight, half, all of it, and back; all the time some clients ask for the next version by a header. Shows the split second
// by second. Exit code 1 when a request failed or a split was not what was asked for.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const requestsPerSecond = Number(process.env['WEFT_EXAMPLE_RATE'] ?? 200);
const secondsEach = Number(process.env['WEFT_EXAMPLE_SECONDS'] ?? 3);
// Every twentieth asks for the next version by a header.
const canaryEvery = 20;

const steps = [
  { blue: 100, green: 0, name: 'all blue' },
  { blue: 90, green: 10, name: 'a tenth green' },
  { blue: 50, green: 50, name: 'half green' },
  { blue: 0, green: 100, name: 'all green' },
  { blue: 100, green: 0, name: 'back to blue' },
];

const work = mkdtempSync(join(tmpdir(), 'weft-blue-green-'));
/** @type {import('node:child_process').ChildProcess[]} */
const children = [];

/** @param {readonly string[]} argv @param {NodeJS.ProcessEnv} env */
function start(argv, env = {}) {
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** @param {string} version @returns {Promise<string>} */
async function startService(version) {
  const { stdout } = start([join(here, 'service.mjs'), version]);
  if (stdout === null) throw new Error('no output');
  const [port] = await once(createInterface({ input: stdout }), 'line');
  return `127.0.0.1:${port}`;
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** @param {{ blue: number, green: number }} step */
function setSplit({ blue, green }) {
  writeFileSync(join(work, 'split.json'), JSON.stringify({ blue, green }));
}

/** @typedef {{ blue: number, green: number, canary: number, failed: number }} Tally */

/** @param {number} port @param {Agent} agent @param {boolean} canary @returns {Promise<string>} */
function ask(port, agent, canary) {
  return new Promise((resolve, reject) => {
    const headers = canary ? { 'x-canary': 'always' } : {};
    const asking = request({ host: '127.0.0.1', port, agent, headers, path: '/cart' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () =>
        answer.statusCode === 200
          ? resolve(JSON.parse(text).version)
          : reject(new Error(`${answer.statusCode}: ${text}`)),
      );
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** One second at an even rate, whether or not answers come. @param {number} port @param {Agent} agent */
async function second(port, agent) {
  /** @type {Tally} */
  const tally = { blue: 0, green: 0, canary: 0, failed: 0 };
  const began = performance.now();
  const asked = [];
  for (let index = 0; index < requestsPerSecond; index += 1) {
    const wait = began + (index * 1_000) / requestsPerSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const canary = index % canaryEvery === 0;
    asked.push(
      ask(port, agent, canary).then(
        (version) => {
          const wrong = canary && version !== 'green';
          if (wrong) tally.failed += 1;
          else if (canary) tally.canary += 1;
          else if (version === 'blue') tally.blue += 1;
          else tally.green += 1;
        },
        (error) => {
          tally.failed += 1;
          console.error(`failed: ${error.message}`);
        },
      ),
    );
  }
  await Promise.all(asked);
  return tally;
}

/** Sends SIGHUP; resolves when the proxy says that it has applied what is new. @param {string} admin @param {number} pid */
async function reload(admin, pid) {
  const before = await reloads(admin);
  process.kill(pid, 'SIGHUP');
  while ((await reloads(admin)) === before) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** @param {string} admin @returns {Promise<number>} */
async function reloads(admin) {
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  return Number(/^weft_config_reload_total\{result="success"\} (\d+)$/m.exec(text)?.[1]);
}

/** @param {string} admin */
async function ready(admin) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(`http://${admin}/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Weft is not ready');
}

async function main() {
  const [first] = steps;
  if (first === undefined) return false;
  setSplit(first);
  const [blue, green] = [await startService('blue'), await startService('green')];
  const [port, adminPort] = [await freePort(), await freePort()];
  const admin = `127.0.0.1:${adminPort}`;
  const argv = [
    join(root, 'dist', 'cli', 'main.js'),
    'run',
    '--config',
    join(here, 'weft.config.ts'),
  ];
  const weft = start([...argv, '--admin', admin, '--log-level', 'warn'], {
    LISTEN: `127.0.0.1:${port}`,
    BLUE: blue,
    GREEN: green,
    SPLIT: join(work, 'split.json'),
  });
  weft.stdout?.pipe(process.stderr);
  await ready(admin);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let right = true;
  let failed = 0;
  console.log('second  step            blue  green  by header  failed');
  for (const [index, step] of steps.entries()) {
    if (index > 0) {
      setSplit(step);
      await reload(admin, weft.pid ?? 0);
    }
    for (let count = 0; count < secondsEach; count += 1) {
      const tally = await second(port, agent);
      const at = String(index * secondsEach + count + 1).padStart(6);
      const cells = [tally.blue, tally.green, tally.canary, tally.failed];
      const [b, g, c, f] = cells.map(String);
      console.log(
        `${at}  ${step.name.padEnd(14)}  ${b?.padStart(4)}  ${g?.padStart(5)}  ${c?.padStart(9)}  ${f?.padStart(6)}`,
      );
      failed += tally.failed;
      const share = (100 * tally.green) / (tally.blue + tally.green);
      // Each worker is exact over a hundred of its own requests, which a second may cut.
      right = right && Math.abs(share - step.green) <= (step.green % 100 === 0 ? 0 : 5);
    }
  }
  agent.destroy();
  weft.kill('SIGTERM');
  await once(weft, 'exit');
  console.log(`${failed} requests failed; the split was ${right ? 'what was asked for' : 'wrong'}`);
  return right && failed === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(work, { recursive: true });
}
