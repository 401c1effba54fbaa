// An addon in memory, for tests of everything above lib/contract: it records what was published, lets a test
// write cells and directory slots as a worker would, and emits encoded event records. No threads, no sockets.

import type {
  Addon,
  ClosedLists,
  DrainOptions,
  DrainResult,
  DumpQuery,
  DumpResult,
  EngineHandle,
  EventSink,
  Probe,
  StartOptions,
} from '../../lib/contract/addon.ts';
import { closeReasons } from '../../lib/contract/close-reason.ts';
import { eventKinds, protocols, unavailableCauses } from '../../lib/contract/events.ts';
import { type MetricsMemory, runKinds, workerCells } from '../../lib/contract/metrics.ts';
import type { Snapshot } from '../../lib/contract/snapshot.ts';
import { type EventFixture, encodeEvent } from './event-encoder.ts';
import { FakeWorker } from './fake-worker.ts';

export class FakeAddon implements Addon {
  readonly engines: FakeEngine[] = [];

  start(options: StartOptions, sink: EventSink): FakeEngine {
    const engine = new FakeEngine(options, sink);
    this.engines.push(engine);
    return engine;
  }

  closedLists(): ClosedLists {
    return {
      closeReasons,
      eventKinds,
      workerCells,
      runKinds,
      unavailableCauses: [...unavailableCauses],
      directions: ['inbound', 'outbound'],
      protocols,
      balancers: ['p2cEwma', 'roundRobin', 'leastConnections', 'random', 'ringHash', 'maglev'],
    };
  }

  probe(): Probe {
    return {
      build: 'fake',
      kernel: '0.0.0',
      features: { splice: false, pipeResize: false, ipv6: true },
      cpuCount: 2,
      descriptorsMax: 1024,
    };
  }

  matchRoute(): null {
    return null;
  }

  trimHeap(): boolean {
    return false;
  }

  reapChild(): boolean {
    return false;
  }

  /** The engine of a test that started exactly one. */
  get engine(): FakeEngine {
    const [engine] = this.engines;
    if (engine === undefined || this.engines.length !== 1) {
      throw new Error(`expected one engine, have ${this.engines.length}`);
    }
    return engine;
  }
}

export class FakeEngine implements EngineHandle {
  readonly options: StartOptions;
  readonly workers: FakeWorker[];
  readonly published: Snapshot[] = [];
  readonly drains: DrainOptions[] = [];
  stopCount = 0;
  dumpResult: DumpResult = { connections: [], endpoints: [], listeners: [], truncated: false };
  /** Rejects the next publish with this, once. */
  nextPublishError: unknown = null;
  /** When true, a publish waits for `acknowledge`. */
  holdPublishes = false;
  readonly #sink: EventSink;
  readonly #waiting: (() => void)[] = [];
  #finishDrain: ((result: DrainResult) => void) | null = null;

  constructor(options: StartOptions, sink: EventSink) {
    this.options = options;
    this.#sink = sink;
    this.workers = Array.from({ length: options.workerCount }, () => new FakeWorker(options));
  }

  async publish(snapshot: Snapshot): Promise<number> {
    const error = this.nextPublishError;
    this.nextPublishError = null;
    if (this.holdPublishes) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (error !== null) {
      throw error;
    }
    this.published.push(snapshot);
    for (const { worker, run, generation } of snapshot.releasedRuns) {
      this.workers[worker]?.release(run, generation);
    }
    for (const worker of this.workers) {
      worker.set('appliedRevision', snapshot.revision);
    }
    return snapshot.revision;
  }

  /** Lets the oldest held publish go on. */
  acknowledge(): void {
    this.#waiting.shift()?.();
  }

  drain(options: DrainOptions): Promise<DrainResult> {
    this.drains.push(options);
    return new Promise((resolve) => {
      this.#finishDrain = resolve;
    });
  }

  /** Ends the drain that a test is waiting in. */
  finishDrain(forcedCount = 0): void {
    this.#finishDrain?.({ forcedCount });
  }

  async stop(): Promise<void> {
    this.stopCount += 1;
    this.finishDrain(0);
  }

  metrics(): readonly MetricsMemory[] {
    return this.workers.map((worker) => worker.memory);
  }

  async dump(query: DumpQuery): Promise<DumpResult> {
    const { connections, endpoints, listeners, truncated } = this.dumpResult;
    return {
      connections: query.type === 'connections' ? connections.slice(0, query.countMax) : [],
      endpoints: query.type === 'clusters' ? endpoints.slice(0, query.countMax) : [],
      listeners: query.type === 'listeners' ? listeners.slice(0, query.countMax) : [],
      truncated: truncated || connections.length > query.countMax,
    };
  }

  /** Gives the sink one batch, as the event bridge does. */
  emit(worker: number, ...events: EventFixture[]): void {
    const records = events.map(encodeEvent);
    const batch = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
    let offset = 0;
    for (const record of records) {
      batch.set(record, offset);
      offset += record.length;
    }
    this.#sink(worker, batch);
  }

  get lastPublished(): Snapshot {
    const snapshot = this.published.at(-1);
    if (snapshot === undefined) {
      throw new Error('nothing was published');
    }
    return snapshot;
  }
}
