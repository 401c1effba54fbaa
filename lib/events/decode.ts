// Event records -> typed objects, after the layout in lib/contract/events.ts. Pure; runs on the JavaScript
// thread once for each batch. Records of a kind that this build does not know are skipped.

import {
  type EventKind,
  eventFields,
  eventHeaderBytes,
  eventKinds,
  eventNumbers,
} from '../contract/events.ts';

/** One record: its numbers and byte fields by name. */
export type EventOf<K extends EventKind> = {
  readonly kind: K;
  /** Wall clock, microseconds since 1970. */
  readonly atUs: number;
  /** Byte fields that were cut to fit. */
  readonly cutFields: readonly string[];
} & { readonly [N in (typeof eventNumbers)[K][number]]: number } & {
  readonly [F in (typeof eventFields)[K][number]]: string;
};

export type WeftEvent = { [K in EventKind]: EventOf<K> }[EventKind];

const recordAlignBytes = 8;
const utf8 = new TextDecoder();
const nothingCut: readonly string[] = [];

/** Every record of a batch. Throws RangeError when the bytes are not whole records. */
export function* decodeEvents(batch: Uint8Array): Generator<WeftEvent> {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  let offset = 0;
  while (offset < batch.byteLength) {
    const size = recordSize(view, offset);
    const kind = eventKinds[view.getUint8(offset + 2)];
    if (kind !== undefined) {
      yield decodeRecord(kind, view, offset, size);
    }
    offset += size;
  }
}

function recordSize(view: DataView, offset: number): number {
  const left = view.byteLength - offset;
  const size = left < eventHeaderBytes ? 0 : view.getUint16(offset, true);
  if (size < eventHeaderBytes || size % recordAlignBytes !== 0 || size > left) {
    throw new RangeError(`event batch: record of ${size} bytes at ${offset}, ${left} bytes left`);
  }
  return size;
}

function decodeRecord(kind: EventKind, view: DataView, start: number, size: number): WeftEvent {
  const record: Record<string, unknown> = { kind, atUs: readUint64(view, start + 8) };
  const numberCount = view.getUint8(start + 3);
  const fieldCount = view.getUint8(start + 4);
  const end = start + size;
  let offset = start + eventHeaderBytes;
  if (offset + numberCount * 8 > end) {
    throw new RangeError(`event ${kind}: ${numberCount} numbers do not fit in ${size} bytes`);
  }
  const numbers: readonly string[] = eventNumbers[kind];
  for (const [index, name] of numbers.entries()) {
    record[name] = index < numberCount ? readUint64(view, offset + index * 8) : 0;
  }
  offset += numberCount * 8;
  const fields: readonly string[] = eventFields[kind];
  for (const [index, name] of fields.entries()) {
    const length = index < fieldCount && offset + 2 <= end ? view.getUint16(offset, true) : 0;
    if (offset + 2 + length > end) {
      throw new RangeError(`event ${kind}: field ${name} of ${length} bytes does not fit`);
    }
    record[name] = utf8.decode(new Uint8Array(view.buffer, view.byteOffset + offset + 2, length));
    offset += 2 + length;
  }
  record['cutFields'] = cutFields(view.getUint8(start + 5), fields);
  return record as unknown as WeftEvent;
}

function cutFields(bits: number, fields: readonly string[]): readonly string[] {
  return bits === 0 ? nothingCut : fields.filter((_, index) => (bits & (1 << index)) !== 0);
}

/** Exact up to 2^53; counters and microseconds stay below it. */
function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x1_0000_0000;
}
