// Reads the memory of one worker: its own cells, and the runs that its directory describes. The worker writes
// while this reads, so each 64-bit cell is read without tearing and each slot's generation before and after.
// Makes no call into native code.

import {
  directorySlotBytes,
  type MetricsMemory,
  type RunKind,
  runKinds,
  type WorkerCell,
  workerCells,
} from '../contract/metrics.ts';

/** One run in use. The same object for as long as the slot keeps its generation. */
export interface RunView {
  readonly worker: number;
  readonly slot: number;
  readonly generation: number;
  readonly kind: RunKind;
  readonly ids: readonly number[];
  readonly text: string;
  readonly firstCell: number;
  readonly cellCount: number;
}

const slotWords = directorySlotBytes / 4;
const idWord = 3;
const idCount = 5;
const textLengthByte = 32;
const textByte = 34;
const twoTo32 = 0x1_0000_0000;
const utf8 = new TextDecoder();
const workerCellIndex = new Map(workerCells.map((name, index) => [name, index]));

export class SlabReader {
  readonly worker: number;
  /** Two words for each cell, low one first. */
  readonly #cellWords: Uint32Array;
  readonly #slotWords: Uint32Array;
  readonly #directory: DataView;
  readonly #slotCount: number;
  readonly #views: (RunView | null)[] = [];

  constructor(worker: number, memory: MetricsMemory) {
    this.worker = worker;
    this.#cellWords = new Uint32Array(memory.cells);
    this.#slotWords = new Uint32Array(memory.directory);
    this.#directory = new DataView(memory.directory);
    this.#slotCount = Math.floor(memory.directory.byteLength / directorySlotBytes);
  }

  workerCell(name: WorkerCell): number {
    return this.#readCell(workerCellIndex.get(name) ?? 0);
  }

  /** Every run in use. Slots are taken in order, so the first that was never used ends the directory. */
  *runs(): Generator<RunView> {
    for (let slot = 0; slot < this.#slotCount; slot++) {
      const generation = this.#generation(slot);
      if (generation === 0) {
        return;
      }
      const view = this.#view(slot, generation);
      if (view !== null) {
        yield view;
      }
    }
  }

  /** Copies a run's cells to `out`; false when the slot has a new owner by now, and then `out` means nothing. */
  readRun(view: RunView, out: Float64Array): boolean {
    for (let index = 0; index < view.cellCount; index++) {
      out[index] = this.#readCell(view.firstCell + index);
    }
    return this.owns(view);
  }

  /** Whether the slot still has the generation of `view`. */
  owns(view: RunView): boolean {
    return this.#generation(view.slot) === view.generation;
  }

  #generation(slot: number): number {
    return Atomics.load(this.#slotWords, slot * slotWords);
  }

  #view(slot: number, generation: number): RunView | null {
    if (generation % 2 === 0) {
      this.#views[slot] = null;
      return null;
    }
    const known = this.#views[slot];
    if (known?.generation === generation) {
      return known;
    }
    const view = this.#readSlot(slot, generation);
    this.#views[slot] = view;
    return view;
  }

  #readSlot(slot: number, generation: number): RunView | null {
    const at = slot * directorySlotBytes;
    const directory = this.#directory;
    const kind = runKinds[directory.getUint16(at + 4, true)];
    const cellCount = directory.getUint16(at + 6, true);
    const firstCell = directory.getUint32(at + 8, true);
    const ids = Array.from({ length: idCount }, (_, index) =>
      directory.getUint32(at + (idWord + index) * 4, true),
    );
    const textLength = Math.min(
      directory.getUint16(at + textLengthByte, true),
      directorySlotBytes - textByte,
    );
    const text = utf8.decode(new Uint8Array(directory.buffer, at + textByte, textLength));
    const fits = (firstCell + cellCount) * 2 <= this.#cellWords.length;
    if (kind === undefined || !fits || this.#generation(slot) !== generation) {
      return null;
    }
    return { worker: this.worker, slot, generation, kind, ids, text, firstCell, cellCount };
  }

  /** The high word is the same before and after the low one, so the two belong together. */
  #readCell(index: number): number {
    const words = this.#cellWords;
    for (;;) {
      const high = Atomics.load(words, index * 2 + 1);
      const low = Atomics.load(words, index * 2);
      if (Atomics.load(words, index * 2 + 1) === high) {
        return high * twoTo32 + low;
      }
    }
  }
}
