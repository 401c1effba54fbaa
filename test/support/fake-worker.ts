// The slab and the directory of one worker, written from a test as native/telemetry/cell_table writes them.

import { closeReasons } from '../../lib/contract/close-reason.ts';
import {
  directorySlotBytes,
  type MetricsMemory,
  type RunKind,
  runCells,
  runKinds,
  type WorkerCell,
  workerCells,
} from '../../lib/contract/metrics.ts';

/** A run that a test writes to, by the names of runCells; a close reason is the name of its own cell. */
export interface FakeRun {
  readonly slot: number;
  readonly generation: number;
  add(cell: string, amount: number | bigint): void;
  set(cell: string, value: number | bigint): void;
}

export class FakeWorker {
  readonly memory: MetricsMemory;
  readonly #cells: BigUint64Array;
  readonly #slots: DataView;
  readonly #freeSlots: number[] = [];
  #cellsUsed: number = workerCells.length;
  #slotsUsed = 0;

  constructor(options: { readonly cellCount: number; readonly runCount: number }) {
    this.memory = {
      cells: new ArrayBuffer(options.cellCount * 8),
      directory: new ArrayBuffer(options.runCount * directorySlotBytes),
    };
    this.#cells = new BigUint64Array(this.memory.cells);
    this.#slots = new DataView(this.memory.directory);
    runKinds.forEach((kind, index) => {
      this.#take('overflow', [index], '', cellNames(kind));
    });
  }

  set(cell: WorkerCell, value: number): void {
    this.#cells[workerCells.indexOf(cell)] = BigInt(value);
  }

  /** Takes a run as a worker does when it first meets a label combination. */
  take(kind: RunKind, ids: readonly number[], text = ''): FakeRun {
    return this.#take(kind, ids, text, cellNames(kind));
  }

  /** The run that counts what found no room. */
  overflow(kind: RunKind): FakeRun {
    return this.#run(runKinds.indexOf(kind), cellNames(kind));
  }

  /** What a worker does with a released run: nothing when the generation is another one. */
  release(slot: number, generation: number): boolean {
    const at = slot * directorySlotBytes;
    if (this.#slots.getUint32(at, true) !== generation) {
      return false;
    }
    this.#slots.setUint32(at, generation + 1, true);
    this.#freeSlots.push(slot);
    return true;
  }

  #take(kind: RunKind, ids: readonly number[], text: string, names: readonly string[]): FakeRun {
    const slot = this.#freeSlots.pop() ?? this.#slotsUsed++;
    const at = slot * directorySlotBytes;
    const encoded = new TextEncoder().encode(text).subarray(0, 94);
    this.#slots.setUint16(at + 4, runKinds.indexOf(kind), true);
    this.#slots.setUint16(at + 6, names.length, true);
    this.#slots.setUint32(at + 8, this.#cellsUsed, true);
    for (let index = 0; index < 5; index++) {
      this.#slots.setUint32(at + 12 + index * 4, ids[index] ?? 0, true);
    }
    this.#slots.setUint16(at + 32, encoded.length, true);
    new Uint8Array(this.memory.directory, at + 34).set(encoded);
    this.#slots.setUint32(at, this.#slots.getUint32(at, true) + 1, true);
    this.#cellsUsed += names.length;
    return this.#run(slot, names);
  }

  #run(slot: number, names: readonly string[]): FakeRun {
    const at = slot * directorySlotBytes;
    const firstCell = this.#slots.getUint32(at + 8, true);
    const cells = this.#cells;
    const indexOf = (cell: string): number => {
      const index = names.indexOf(cell);
      if (index < 0) {
        throw new Error(`no cell ${cell} among ${names.join(', ')}`);
      }
      return firstCell + index;
    };
    return {
      slot,
      generation: this.#slots.getUint32(at, true),
      add: (cell, amount) => {
        const index = indexOf(cell);
        cells[index] = (cells[index] ?? 0n) + BigInt(amount);
      },
      set: (cell, value) => {
        cells[indexOf(cell)] = BigInt(value);
      },
    };
  }
}

/** One name for each cell of a kind; `closes` and `replies` of listenerTcp become the close reasons. */
function cellNames(kind: RunKind): readonly string[] {
  const names: readonly string[] = runCells[kind];
  return kind === 'listenerTcp'
    ? [...names.slice(0, -2), ...closeReasons, ...closeReasons.map((reason) => `reply_${reason}`)]
    : names;
}
