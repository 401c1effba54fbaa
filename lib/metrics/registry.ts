// The runs of every worker, grouped into series. Reads the workers' memory when asked to (`refresh`), notices
// runs whose owner left the configuration and stays idle, and offers them to the next snapshot so that workers
// can use the cells again. Runs on the JavaScript thread; never calls native code.

import { closeReasons } from '../contract/close-reason.ts';
import { type MetricsMemory, noId, runCells, type WorkerCell } from '../contract/metrics.ts';
import type { ReleasedRun } from '../contract/snapshot.ts';
import { clusterCells, connectCells, knownProtocols, tcpCells } from './cells.ts';
import { isRunConfigured, type LabelSource } from './labels.ts';
import { type RequestTotals, requestTotalsOf } from './request-totals.ts';
import { SeriesGroup, type Share } from './series.ts';
import { connectFirst, sharesOf } from './shares.ts';
import { type RunView, SlabReader } from './slab-reader.ts';

export interface RegistryOptions {
  readonly memory: readonly MetricsMemory[];
  readonly labels: LabelSource;
  /** How long a run without an owner may stand still before it is given back. */
  readonly idleMs: () => number;
  /** Milliseconds that only go up. */
  readonly now: () => number;
}

interface TrackedRun {
  readonly view: RunView;
  readonly values: Float64Array;
  readonly shares: readonly Share[];
  changedAt: number;
  shown: boolean;
  /** Offered back to the worker. */
  released: boolean;
}

/** Ids that runs still carry, so that their names must be remembered. */
export interface MetOwners {
  readonly listenerIds: ReadonlySet<number>;
  readonly endpointIds: ReadonlySet<number>;
  readonly clusterIds: ReadonlySet<number>;
  readonly routeIds: ReadonlySet<number>;
}

/** What the runs of one endpoint have counted, over all workers and directions. */
export interface EndpointTotals {
  readonly opens: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly connectFailures: number;
  /** Connections made, by worker. */
  readonly connectCounts: readonly number[];
}

export class Registry {
  readonly tcp = new SeriesGroup(4, [tcpCells.openNow]);
  readonly connect = new SeriesGroup(4, [connectCells.unavailableNow]);
  readonly closeReasons = new SeriesGroup(closeReasons.length, []);
  readonly replies = new SeriesGroup(closeReasons.length, []);
  readonly protocols = new SeriesGroup(knownProtocols.length, []);
  readonly closeErrno = new SeriesGroup(1, []);
  readonly cluster = new SeriesGroup(runCells.cluster.length, [
    clusterCells.ejectedNow,
    clusterCells.panicNow,
  ]);
  readonly requests = new SeriesGroup(runCells.httpRequest.length, []);
  readonly responses = new SeriesGroup(runCells.httpResponse.length, []);
  readonly #readers: readonly SlabReader[];
  readonly #labels: LabelSource;
  readonly #idleMs: () => number;
  readonly #now: () => number;
  /** For each worker, by slot. */
  readonly #tracked: Map<number, TrackedRun>[];

  constructor(options: RegistryOptions) {
    this.#readers = options.memory.map((memory, worker) => new SlabReader(worker, memory));
    this.#tracked = this.#readers.map(() => new Map());
    this.#labels = options.labels;
    this.#idleMs = options.idleMs;
    this.#now = options.now;
  }

  /** One number for each worker. */
  workerCells(name: WorkerCell): readonly number[] {
    return this.#readers.map((reader) => reader.workerCell(name));
  }

  workerSum(name: WorkerCell): number {
    return this.workerCells(name).reduce((sum, value) => sum + value, 0);
  }

  /** Reads every run. Call it before the groups are shown. */
  refresh(): void {
    for (const [worker, reader] of this.#readers.entries()) {
      const tracked = this.#tracked[worker] ?? new Map();
      const met = new Set<number>();
      for (const view of reader.runs()) {
        met.add(view.slot);
        this.#refreshRun(tracked, reader, view);
      }
      for (const [slot, run] of tracked) {
        if (!met.has(slot)) {
          this.#forget(tracked, run);
        }
      }
    }
  }

  /** Call it when ids got other labels: what was counted until now stays under the old ones. */
  relabel(): void {
    this.refresh();
    const now = this.#now();
    for (const run of this.#all()) {
      for (const share of run.shares) {
        if (share.series !== null && share.series.labels !== share.labels()) {
          share.group.detach(share, { at: now });
          share.group.attach(share, run.values);
        }
      }
    }
  }

  /** Looks for runs to give back; true when there is one more than before. */
  expire(): boolean {
    this.refresh();
    const before = this.#now() - this.#idleMs();
    for (const group of this.#groups()) {
      group.expire(before);
    }
    let found = false;
    for (const run of this.#all()) {
      const idle = run.changedAt <= before && !hasOpen(run);
      if (!run.released && idle && !isRunConfigured(this.#labels, run.view)) {
        this.#detach(run);
        run.released = true;
        found = true;
      }
    }
    return found;
  }

  /** For the next snapshot: what workers may use again. Owners that came back keep their runs. */
  releasedRuns(): readonly ReleasedRun[] {
    const released: ReleasedRun[] = [];
    for (const run of this.#all()) {
      if (run.released && isRunConfigured(this.#labels, run.view)) {
        this.#attach(run);
      } else if (run.released) {
        const { worker, slot, generation } = run.view;
        released.push({ worker, run: slot, generation });
      }
    }
    return released;
  }

  /** By endpoint id. Reads the workers' memory now. */
  endpointTotals(): ReadonlyMap<number, EndpointTotals> {
    this.refresh();
    const totals = new Map<number, EndpointTotals>();
    for (const [worker, tracked] of this.#tracked.entries()) {
      for (const { view, values } of tracked.values()) {
        const [, , endpointId = 0] = view.ids;
        if (view.kind === 'endpointTcp') {
          totals.set(endpointId, added(totals.get(endpointId), values, worker));
        }
      }
    }
    return totals;
  }

  /** By direction, route and cluster. Reads the workers' memory now. */
  requestTotals(): readonly RequestTotals[] {
    this.refresh();
    return requestTotalsOf(this.#all(), this.#labels);
  }

  metOwners(): MetOwners {
    const listenerIds = new Set<number>();
    const endpointIds = new Set<number>();
    const clusterIds = new Set<number>();
    const routeIds = new Set<number>();
    for (const { view } of this.#all()) {
      const [first = 0, second = 0, third = 0, fourth = 0, fifth = noId] = view.ids;
      if (view.kind === 'listenerTcp') {
        listenerIds.add(first);
      } else if (view.kind === 'endpointTcp') {
        endpointIds.add(third);
      } else if (view.kind === 'closeErrno') {
        listenerIds.add(third);
        endpointIds.add(fourth);
      } else if (view.kind === 'cluster') {
        clusterIds.add(first);
      } else if (view.kind === 'httpRequest' || view.kind === 'httpResponse') {
        clusterIds.add(second);
        endpointIds.add(third);
        routeIds.add(fifth);
      }
    }
    return { listenerIds, endpointIds, clusterIds, routeIds };
  }

  #groups(): readonly SeriesGroup[] {
    const { tcp, connect, closeReasons: reasons, protocols, closeErrno } = this;
    return [
      tcp,
      connect,
      reasons,
      this.replies,
      protocols,
      closeErrno,
      this.cluster,
      this.requests,
      this.responses,
    ];
  }

  *#all(): Generator<TrackedRun> {
    for (const tracked of this.#tracked) {
      yield* tracked.values();
    }
  }

  #refreshRun(tracked: Map<number, TrackedRun>, reader: SlabReader, view: RunView): void {
    let run = tracked.get(view.slot);
    if (run !== undefined && run.view !== view) {
      this.#forget(tracked, run);
      run = undefined;
    }
    const values = new Float64Array(view.cellCount);
    if (!reader.readRun(view, values)) {
      return;
    }
    if (run === undefined) {
      const shares = sharesOf(this, this.#labels, view);
      run = { view, values, shares, changedAt: this.#now(), shown: false, released: false };
      tracked.set(view.slot, run);
      if (view.kind !== 'overflow' || values.some((value) => value !== 0)) {
        this.#attach(run);
      }
    } else if (!values.every((value, index) => value === run?.values[index])) {
      run.values.set(values);
      run.changedAt = this.#now();
      if (!run.shown) {
        // An overflow run that is needed now, or one that its worker met again before it was released.
        this.#attach(run);
      }
    }
  }

  #attach(run: TrackedRun): void {
    run.released = false;
    run.shown = true;
    for (const share of run.shares) {
      share.group.attach(share, run.values);
    }
  }

  #detach(run: TrackedRun): void {
    run.shown = false;
    for (const share of run.shares) {
      share.group.detach(share, null);
    }
  }

  #forget(tracked: Map<number, TrackedRun>, run: TrackedRun): void {
    this.#detach(run);
    tracked.delete(run.view.slot);
  }
}

function added(
  before: EndpointTotals | undefined,
  values: Float64Array,
  worker: number,
): EndpointTotals {
  const cell = (index: number): number => values[index] ?? 0;
  const connectCounts = [...(before?.connectCounts ?? [])];
  const made = cell(connectFirst + connectCells.connectCount);
  connectCounts[worker] = (connectCounts[worker] ?? 0) + made;
  return {
    opens: (before?.opens ?? 0) + cell(tcpCells.opens),
    readBytes: (before?.readBytes ?? 0) + cell(tcpCells.readBytes),
    writeBytes: (before?.writeBytes ?? 0) + cell(tcpCells.writeBytes),
    connectFailures:
      (before?.connectFailures ?? 0) + cell(connectFirst + connectCells.connectFailures),
    connectCounts,
  };
}

function hasOpen(run: TrackedRun): boolean {
  const hasGauge = run.view.kind === 'listenerTcp' || run.view.kind === 'endpointTcp';
  return hasGauge && (run.values[tcpCells.openNow] ?? 0) !== 0;
}
