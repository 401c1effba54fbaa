// What the demo's traffic and its backends agree on.

export const kinds = { messages: 'm', upload: 'u', download: 'd' } as const;

export const digestName = 'sha1';
export const digestBytes = 20;

/** One block of a bulk transfer: no two of its KiB are alike, so a lost or moved byte changes the digest. */
export const patternBlock = makeBlock(64 * 1024);
export const patternBytes = 8 * 1024 * 1024;

/** Between blocks, so that messages on the same thread are not kept waiting by a whole transfer. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function makeBlock(size: number): Buffer {
  const block = Buffer.alloc(size);
  let state = 0x9e3779b9;
  for (let offset = 0; offset < size; offset += 4) {
    // Marsaglia's xorshift32: long period, no table.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block.writeInt32LE(state | 0, offset);
  }
  return block;
}
