// What one phase of the demo counted, and how long things took.

/** Buckets that are 1/32 of a power of two wide: an error of at most 3 %. */
const bucketsPerOctave = 32;

export class Latency {
  readonly #buckets = new Map<number, number>();
  #count = 0;

  add(us: number): void {
    const bucket = Math.floor(Math.log2(Math.max(1, us)) * bucketsPerOctave);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Microseconds; `null` without a measurement. `share` is 0.5 for the median. */
  quantile(share: number): number | null {
    let left = Math.max(1, Math.ceil(this.#count * share));
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) {
        return 2 ** ((bucket + 0.5) / bucketsPerOctave);
      }
    }
    return null;
  }
}

const errorTextsMax = 5;

export class Tally {
  readonly messages = new Latency();
  /** Connect, greeting, one message, close. */
  readonly visits = new Latency();
  bulkBytes = 0;
  bulkSeconds = 0;
  checksums = 0;
  mismatches = 0;
  /** Connections that the killed backend took with it; the work was done again on another. */
  interrupted = 0;
  errors = 0;
  readonly errorTexts: string[] = [];
  /** Connections that each backend greeted. */
  readonly greetings = new Map<string, number>();
  readonly startedAt = performance.now();
  #endedAt: number | null = null;

  greeted(backend: string): void {
    this.greetings.set(backend, (this.greetings.get(backend) ?? 0) + 1);
  }

  failed(text: string): void {
    this.errors += 1;
    if (this.errorTexts.length < errorTextsMax) {
      this.errorTexts.push(text);
    }
  }

  end(): void {
    this.#endedAt ??= performance.now();
  }

  get seconds(): number {
    return ((this.#endedAt ?? performance.now()) - this.startedAt) / 1_000;
  }
}
