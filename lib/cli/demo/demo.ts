// The story of the demo: three backends, the same traffic first directly and then through Weft, one backend killed and
// brought back on the way. Owns the processes and the temporary folder, and leaves nothing behind.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Backend, freePorts, Processes, WeftProcess } from './processes.ts';
import type { DemoReport, KillReport } from './report.ts';
import type { Screen } from './screen.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';
import type { Target, Wire } from './wire.ts';

export interface DemoOptions {
  readonly seconds: number;
  /** `null`: as many as Weft takes by itself. */
  readonly workers: number | null;
  readonly screen: Screen;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
}

const host = '127.0.0.1';
const backendNames = ['a', 'b', 'c'];
const victimName = 'b';
/** The direct phase is for comparison only. */
const directShare = 0.3;
const directSecondsMax = 5;
/** Parts of the phase through Weft. */
const killAt = 0.3;
const returnAt = 0.5;
const drawMs = 1_000;
/** On a busy machine Weft may need a little longer until it uses the backend that came back. */
const graceSeconds = 5;
const graceStepMs = 50;
const startMsMax = 5_000;

export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const processes = new Processes();
  const killAll = (): void => processes.killAll();
  process.once('exit', killAll);
  const folder = mkdtempSync(join(tmpdir(), 'weft-demo-'));
  try {
    return await new Demo(options, processes, folder).run();
  } finally {
    processes.killAll();
    process.off('exit', killAll);
    rmSync(folder, { recursive: true, force: true });
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #processes: Processes;
  readonly #folder: string;
  #backends: readonly Backend[] = [];
  #diedAt = Number.NEGATIVE_INFINITY;
  #killedAt = Number.POSITIVE_INFINITY;
  #returnedAt = Number.POSITIVE_INFINITY;
  #backInUseAt: number | null = null;

  constructor(options: DemoOptions, processes: Processes, folder: string) {
    this.#options = options;
    this.#processes = processes;
    this.#folder = folder;
  }

  async run(): Promise<DemoReport> {
    const { screen, seconds } = this.#options;
    const [listenPort = 0, adminPort = 0, ...ports] = await freePorts(2 + backendNames.length);
    this.#backends = backendNames.map(
      (name, index) => new Backend(this.#processes, name, ports[index] ?? 0),
    );
    await Promise.all(this.#backends.map((backend) => backend.start()));
    screen.say(`Three backends run: ${this.#backends.map(describe).join(', ')}.`);

    const directSeconds = Math.min(seconds * directShare, directSecondsMax);
    const direct = await this.#directPhase(directSeconds);

    const admin = `${host}:${adminPort}`;
    const weft = new WeftProcess(this.#processes, this.#writeConfig(listenPort, admin));
    await this.#untilReady(weft, admin);
    screen.say(`Weft runs: ${host}:${listenPort} -> a, b, c; admin at http://${admin}/`);
    const through = await this.#weftPhase(
      { host, port: listenPort },
      admin,
      seconds - directSeconds,
    );
    const weftCpuSeconds = await readCpu(admin);
    const weftExitCode = await weft.stop();
    const endedEarly = this.#options.signal.aborted;
    const problems = complaints(weft);
    return { direct, ...through, endedEarly, weftExitCode, weftCpuSeconds, problems };
  }

  async #directPhase(seconds: number): Promise<Tally> {
    let turn = 0;
    const tally = new Tally();
    const target = (): Target => {
      turn += 1;
      return this.#backends[turn % this.#backends.length]?.target ?? { host, port: 0 };
    };
    const traffic = new Traffic({ target, tally, wasKilled: () => false });
    traffic.start();
    const isComplete = (): boolean => true;
    await this.#play({ tally, traffic, seconds, admin: null, isComplete }, []);
    return tally;
  }

  async #weftPhase(
    target: Target,
    admin: string,
    seconds: number,
  ): Promise<{ readonly weft: Tally; readonly kill: KillReport | null }> {
    const victim = this.#backends.find(({ name }) => name === victimName);
    const tally = new Tally();
    const traffic = new Traffic({
      target: () => target,
      tally,
      wasKilled: (wire) => this.#wasKilled(wire),
      onGreeting: (wire) => this.#noteReturn(wire),
    });
    traffic.start();
    const scenes = [
      { at: killAt * seconds, play: () => this.#kill(victim) },
      { at: returnAt * seconds, play: () => this.#bringBack(victim) },
    ];
    const isComplete = (): boolean => this.#backInUseAt !== null;
    await this.#play({ tally, traffic, seconds, admin, isComplete }, scenes);
    const killed = Number.isFinite(this.#killedAt) && Number.isFinite(this.#returnedAt);
    const kill: KillReport | null = killed
      ? {
          backend: victimName,
          atSeconds: (this.#killedAt - tally.startedAt) / 1_000,
          interrupted: tally.interrupted,
          backInUseMs: this.#backInUseAt === null ? null : this.#backInUseAt - this.#returnedAt,
        }
      : null;
    return { weft: tally, kill };
  }

  /** Lets traffic run for its time, draws, and plays the scenes when they are due. */
  async #play(show: Show, scenes: readonly Scene[]): Promise<void> {
    const { tally, traffic, seconds, admin, isComplete } = show;
    const { screen, signal } = this.#options;
    const waiting = [...scenes];
    const due = (at: number): number => Math.max(0, (at - tally.seconds) * 1_000);
    let drawAt = drawMs / 1_000;
    const isOver = (): boolean =>
      tally.seconds >= (isComplete() ? seconds : seconds + graceSeconds) || signal.aborted;
    while (!isOver()) {
      const next = waiting[0];
      const soon = tally.seconds < seconds ? due(seconds) : graceStepMs;
      await sleep(Math.min(due(drawAt), soon, due(next?.at ?? drawAt)), signal);
      if (next !== undefined && tally.seconds >= next.at) {
        waiting.shift();
        await next.play();
      }
      if (tally.seconds >= drawAt) {
        drawAt += drawMs / 1_000;
        const { openCount } = traffic;
        const phase = admin === null ? 'direct' : 'weft';
        const backends = this.#backends;
        screen.show({ phase, tally, openCount, seconds, adminAddress: admin, backends });
      }
    }
    await traffic.stop();
    tally.end();
  }

  async #kill(victim: Backend | undefined): Promise<void> {
    this.#killedAt = performance.now();
    this.#diedAt = Number.POSITIVE_INFINITY;
    await victim?.kill();
    this.#diedAt = performance.now();
    this.#options.screen.say(`Backend ${victimName} was killed (SIGKILL).`);
  }

  async #bringBack(victim: Backend | undefined): Promise<void> {
    await victim?.start();
    this.#returnedAt = performance.now();
    this.#options.screen.say(`Backend ${victimName} is back.`);
  }

  /** It may fail when it was opened before the backend was gone, and had the victim or nobody yet. */
  #wasKilled(wire: Wire): boolean {
    return wire.openedAt <= this.#diedAt && (wire.backend === victimName || wire.backend === '');
  }

  #noteReturn(wire: Wire): void {
    if (wire.backend === victimName && wire.openedAt > this.#returnedAt) {
      this.#backInUseAt ??= performance.now();
    }
  }

  #writeConfig(listenPort: number, admin: string): string {
    const { workers } = this.#options;
    const config = {
      ...(workers === null ? {} : { workers }),
      listeners: [{ name: 'demo', address: `${host}:${listenPort}`, cluster: 'backends' }],
      clusters: {
        backends: {
          endpoints: this.#backends.map(({ target }) => `${target.host}:${target.port}`),
          // Short, so that a demo of five seconds still sees the backend come back.
          ejection: { baseTime: '50ms', maxTime: '250ms' },
        },
      },
      admin: { address: admin },
      log: { format: 'json' },
      drain: { deadline: '3s' },
    };
    const file = join(this.#folder, 'weft.config.json');
    writeFileSync(file, JSON.stringify(config, null, 2));
    return file;
  }

  async #untilReady(weft: WeftProcess, admin: string): Promise<void> {
    const giveUpAt = performance.now() + startMsMax;
    while (performance.now() < giveUpAt) {
      if (weft.failure !== null) {
        throw new Error(weft.failure);
      }
      if ((await fetchText(`http://${admin}/ready`)) !== null) {
        return;
      }
      await sleep(10, this.#options.signal);
    }
    throw new Error(`weft was not ready within ${startMsMax} ms`);
  }
}

interface Show {
  readonly tally: Tally;
  readonly traffic: Traffic;
  readonly seconds: number;
  readonly admin: string | null;
  /** Whether everything happened that this phase is to show. */
  readonly isComplete: () => boolean;
}

interface Scene {
  readonly at: number;
  readonly play: () => Promise<void>;
}

function describe({ name, target }: Backend): string {
  return `${name} at ${target.host}:${target.port}`;
}

/** Error lines of Weft's log: nothing in the demo justifies one. */
function complaints({ log }: WeftProcess): readonly string[] {
  return log.filter((line) => line.includes('"level":"error"')).map((line) => `weft: ${line}`);
}

async function readCpu(admin: string): Promise<number | null> {
  const metrics = await fetchText(`http://${admin}/metrics`);
  const seconds = /^process_cpu_seconds_total (\S+)$/m.exec(metrics ?? '')?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** `null` unless the answer is a 200. */
function fetchText(url: string): Promise<string | null> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, timeout: 2_000 }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(response.statusCode === 200 ? text : null));
    });
    sent.on('timeout', () => sent.destroy());
    // Not listening yet, or gone: the caller sees null and decides.
    sent.on('error', () => resolve(null));
    sent.end();
  });
}

/** Ends early, without an error, when the signal fires. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
