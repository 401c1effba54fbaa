// Writes event records for tests: the layout of lib/contract/events.ts, written a second time on purpose, so
// that a decoder is never compared with itself.

import {
  type EventKind,
  eventFields,
  eventKinds,
  eventNumbers,
} from '../../lib/contract/events.ts';

export interface EventFixture {
  readonly kind: EventKind;
  readonly wallUs?: number;
  /** By name; what is missing is 0 or empty. */
  readonly values?: Readonly<Record<string, number | string>>;
  /** Names of byte fields to mark as cut. */
  readonly cut?: readonly string[];
}

export function encodeEvent(event: EventFixture): Uint8Array {
  const numbers: readonly string[] = eventNumbers[event.kind];
  const fields: readonly string[] = eventFields[event.kind];
  const texts = fields.map((name) => Buffer.from(String(event.values?.[name] ?? '')));
  const size = 16 + numbers.length * 8 + texts.reduce((sum, text) => sum + 2 + text.length, 0);
  const record = Buffer.alloc(Math.ceil(size / 8) * 8);
  record.writeUInt16LE(record.length, 0);
  record.writeUInt8(eventKinds.indexOf(event.kind), 2);
  record.writeUInt8(numbers.length, 3);
  record.writeUInt8(fields.length, 4);
  let cutBits = 0;
  fields.forEach((name, index) => {
    cutBits |= event.cut?.includes(name) ? 1 << index : 0;
  });
  record.writeUInt8(cutBits, 5);
  record.writeBigUInt64LE(BigInt(event.wallUs ?? 0), 8);
  let offset = 16;
  for (const name of numbers) {
    record.writeBigUInt64LE(BigInt(event.values?.[name] ?? 0), offset);
    offset += 8;
  }
  for (const text of texts) {
    record.writeUInt16LE(text.length, offset);
    text.copy(record, offset + 2);
    offset += 2 + text.length;
  }
  return record;
}
