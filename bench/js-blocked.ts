// node dist-test/bench/js-blocked.js [--rounds N] [--seconds N]: traffic through Weft while its
// JavaScript thread is blocked in Atomics.wait, against the same traffic while it is free, taken in
// turns. At most 3 % of the throughput may be lost. Needs the built addon.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Leash, runClient, stopAll, stopOnSignals } from './support/leash.ts';
import { outerCpus } from './support/machine.ts';
import { freeAddress, waitUntilAccepting } from './support/ports.ts';
import { buildPrograms, type Programs } from './support/programs.ts';
import { median, pairedRatio, spread } from './support/stats.ts';

const lostMax = 0.03;
// The thread is blocked a little longer than the load runs.
const marginSeconds = 0.8;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

interface Setting {
  readonly programs: Programs;
  readonly proxy: ChildProcess;
  readonly address: string;
  readonly cpu: number;
}

// Everything runs on one CPU, as in the ping-pong rows of bench:tcp.
async function startProxy(listen: string, target: string, cpu: number): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('./support/blockable-proxy.js', import.meta.url));
  const proxy = fork(path, [listen, target], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execPath: 'taskset',
    execArgv: ['-c', String(cpu), process.execPath],
  });
  const first = await Promise.race([
    once(proxy, 'message'),
    once(proxy, 'exit').then(() => ['exited']),
  ]);
  if (first[0] !== 'listening') throw new Error('the proxy did not start');
  return proxy;
}

async function messagesPerSecond({ programs, address, cpu }: Setting): Promise<number> {
  const args = ['--to', address, '--connections', '50', '--seconds', String(seconds)];
  args.push('--warmup', '0.2', '--cpu', String(cpu));
  const { units = 0, seconds: took = 1 } = await runClient(programs, ['ping-pong', ...args]);
  return units / took;
}

async function whileBlocked(setting: Setting): Promise<number> {
  const { proxy } = setting;
  const blockedMs = (seconds + marginSeconds) * 1e3;
  proxy.send({ blockMs: blockedMs });
  await once(proxy, 'message'); // 'blocking' leaves just before the thread stops.
  let answered = false;
  const over = once(proxy, 'message').then(() => {
    answered = true;
  });
  const rate = await messagesPerSecond(setting);
  if (answered) throw new Error('the JavaScript thread was free before the load ended');
  await over;
  return rate;
}

async function run(): Promise<number> {
  const programs = await buildPrograms();
  const cpu = outerCpus().last;
  const target = await freeAddress();
  const server = new Leash(programs, [programs.server, '--echo', target], { cpu });
  await waitUntilAccepting(target, () => server.over);
  const address = await freeAddress();
  const proxy = await startProxy(address, target, cpu);
  try {
    const setting: Setting = { programs, proxy, address, cpu };
    const free: number[] = [];
    const blocked: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      free.push(await messagesPerSecond(setting));
      blocked.push(await whileBlocked(setting));
    }
    const ratio = pairedRatio(blocked, free);
    const show = (rates: number[]) =>
      `${Math.round(median(rates))} messages/s ±${(spread(rates) * 100).toFixed(1)} %`;
    process.stdout.write(
      `JavaScript free:    ${show(free)}\nJavaScript blocked: ${show(blocked)}\n`,
    );
    const passed = ratio >= 1 - lostMax;
    const verdict = passed ? 'PASS' : 'MISS';
    process.stdout.write(`${verdict}: ratio ${ratio.toFixed(3)}, at least ${1 - lostMax}\n`);
    return passed ? 0 : 1;
  } finally {
    proxy.kill('SIGKILL');
  }
}

stopOnSignals();
try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`js-blocked: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
} finally {
  await stopAll();
}
