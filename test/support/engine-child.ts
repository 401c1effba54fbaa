// A program for test/integration/exit-safety.test.ts: an engine with traffic whose process, or whose worker thread, ends
// in the way that the first argument names. Prints 'ready' when bytes flow.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { EngineHandle } from '../../lib/contract/addon.ts';
import { addon, forwardSnapshot, startOptions } from './native-engine.ts';
import { Backend, Client, echo, freePort } from './tcp.ts';

const trafficMs = 30;
const clientCount = 20;

interface Traffic {
  readonly handle: EngineHandle;
  readonly port: number;
  readonly backend: Backend;
}

/** Ping-pong on some connections, and others that come and go, until the process ends. */
async function startTraffic(onEvents: () => void = () => undefined): Promise<Traffic> {
  const handle = addon.start(startOptions, onEvents);
  const backend = await Backend.listen(echo);
  const port = await freePort();
  await handle.publish(forwardSnapshot(port, [backend.address]));
  for (let count = 0; count < clientCount; count++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(bytes));
    socket.write('x'.repeat(1_000));
  }
  const comeAndGo = () => {
    const socket = connect(port, '127.0.0.1', () => socket.end('x'));
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('close', () => setTimeout(comeAndGo, 1));
  };
  comeAndGo();
  await new Promise((resolve) => setTimeout(resolve, trafficMs));
  return { handle, port, backend };
}

function ready(): void {
  process.stdout.write('ready\n');
}

function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length;
}

function residentBytes(): number {
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]);
  return pages * 4_096;
}

/** A worker thread with an engine under traffic; resolves when bytes flow there. */
async function startWorker(mode: string): Promise<Worker> {
  const worker = new Worker(new URL(import.meta.url), { workerData: mode });
  await new Promise((resolve) => worker.once('message', resolve));
  return worker;
}

async function cycle(addresses: readonly string[], port: number, talk: boolean): Promise<void> {
  const handle = addon.start(startOptions, () => undefined);
  await handle.publish(forwardSnapshot(port, addresses));
  handle.metrics();
  if (talk) {
    const client = await Client.connect(port);
    await client.exchange('hello');
    client.close();
  }
  await handle.stop();
}

/** Starts and stops engines; prints what they left behind. */
async function cycles(count: number): Promise<void> {
  const backend = await Backend.listen(echo);
  const port = await freePort();
  const warmUp = Math.floor(count / 4);
  let before = { descriptors: 0, bytes: 0, threads: 0 };
  const now = () => ({
    descriptors: descriptorCount(),
    bytes: residentBytes(),
    threads: readdirSync('/proc/self/task').length,
  });
  for (let done = 0; done < count; done++) {
    if (done === warmUp) {
      before = now();
    }
    await cycle([backend.address], port, done % 10 === 0);
  }
  await backend.close();
  const after = now();
  const left = Object.entries(after).map(([key, value]) => [key, value - before[key as 'bytes']]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(left))}\n`);
}

const mainModes: Record<string, (argument: string) => Promise<void>> = {
  exit: async () => {
    await startTraffic();
    ready();
    process.exit(7);
  },
  'exit-with-metrics': async () => {
    const { handle } = await startTraffic();
    Object.assign(globalThis, { kept: handle.metrics() });
    ready();
    process.exit(7);
  },
  'exit-in-sink': async () => {
    await startTraffic(() => process.exit(7));
  },
  'exit-while-stopping': async () => {
    const { handle } = await startTraffic();
    ready();
    void handle.stop();
    process.exit(7);
  },
  'exit-while-publishing': async () => {
    const { handle, port, backend } = await startTraffic();
    void handle.publish(forwardSnapshot(port, [backend.address], 2));
    void handle.drain({ deadlineMs: 1_000, listeners: 'close', scope: 'all' });
    process.exit(7);
  },
  'exit-with-two': async () => {
    await Promise.all([startTraffic(), startTraffic()]);
    process.exit(7);
  },
  'exit-with-socket-file': async (path) => {
    const handle = addon.start(startOptions, () => undefined);
    const snapshot = forwardSnapshot(0, ['127.0.0.1:1']);
    const listeners = snapshot.listeners.map((listener) => ({
      ...listener,
      address: `unix:${path}`,
      unixMode: 0o600,
    }));
    await handle.publish({ ...snapshot, listeners });
    process.stdout.write(existsSync(path) ? 'listening' : '');
    process.exit(7);
  },
  throw: async () => {
    await startTraffic();
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  },
  'throw-in-sink': async () => {
    await startTraffic(() => {
      throw new Error('nobody catches this');
    });
  },
  signal: async () => {
    await startTraffic();
    ready();
  },
  end: async () => {
    const handle = addon.start(startOptions, () => undefined);
    const port = await freePort();
    await handle.publish(forwardSnapshot(port, ['127.0.0.1:1']));
    await handle.stop();
  },
  'worker-terminate': async () => {
    for (let count = 0; count < 5; count++) {
      const worker = await startWorker('traffic');
      await worker.terminate();
    }
    process.stdout.write(`${readdirSync('/proc/self/task').length} threads\n`);
  },
  'worker-exit': async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'exit' });
    const code = await new Promise((resolve) => worker.once('exit', resolve));
    process.exit(Number(code));
  },
  'worker-throw': async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'throw' });
    const error = await new Promise<Error>((resolve) => worker.once('error', resolve));
    process.stdout.write(`${error.message}\n`);
  },
  'main-exit-with-worker': async () => {
    await startWorker('traffic');
    await startTraffic();
    process.exit(7);
  },
  cycles: (count) => cycles(Number(count)),
};

const workerModes: Record<string, () => Promise<void>> = {
  traffic: async () => {
    const { parentPort } = await import('node:worker_threads');
    await startTraffic();
    parentPort?.postMessage('ready');
  },
  exit: async () => {
    await startTraffic();
    process.exit(7);
  },
  throw: async () => {
    await startTraffic();
    throw new Error('nobody catches this');
  },
};

if (isMainThread) {
  const [mode = '', argument = ''] = process.argv.slice(2);
  await mainModes[mode]?.(argument);
} else {
  await workerModes[workerData as string]?.();
}
