// Desired state -> engine: one publish at a time, a burst of changes as one, and the revisions that admin and
// metrics show. Whoever needs the answer of a publish commits; background changes are scheduled, and a failure of
// theirs is reported and tried again with the next change.

import type { Clock } from '../base/clock.ts';
import type { Snapshot } from '../contract/snapshot.ts';

export interface PublisherOptions {
  readonly clock: Clock;
  /** Compiles what is wanted at the time of the call. */
  readonly compile: (revision: number) => Snapshot;
  readonly publish: (snapshot: Snapshot) => Promise<number>;
  readonly onApplied: (snapshot: Snapshot) => void;
  /** A background publish failed; the old snapshot stays. */
  readonly onError: (error: unknown) => void;
  /** How long a change waits for others, and at most, however many come. */
  readonly delayMs: number;
  readonly delayMaxMs: number;
}

export class Publisher {
  readonly #options: PublisherOptions;
  #lastRevision = 0;
  #desiredRevision = 0;
  #appliedRevision = 0;
  /** Ends when the publishes that were asked for until now have. */
  #tail: Promise<unknown> = Promise.resolve();
  #cancelTimer: (() => void) | null = null;
  #firstChangeAt = 0;
  /** A background publish waits for the one under way; it will see every change until it starts. */
  #isQueued = false;
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get desiredRevision(): number {
    return this.#desiredRevision;
  }

  get appliedRevision(): number {
    return this.#appliedRevision;
  }

  /** Something changed. Publishes soon, together with what changes until then. */
  schedule(): void {
    if (this.#stopped) {
      return;
    }
    const { clock, delayMs, delayMaxMs } = this.#options;
    const now = clock.now();
    if (this.#cancelTimer === null) {
      this.#firstChangeAt = now;
    }
    this.#cancelTimer?.();
    const latest = this.#firstChangeAt + delayMaxMs - now;
    this.#cancelTimer = clock.after(Math.max(0, Math.min(delayMs, latest)), () => {
      this.#cancelTimer = null;
      void this.#publishInBackground();
    });
  }

  /** Publishes now, after what is under way. When the engine refuses, `takeBack` undoes the change before anything
   * else is compiled, the old snapshot stays, and the promise rejects. */
  commit(takeBack: () => void): Promise<number> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    return this.#enqueue(async () => {
      try {
        return await this.#publish();
      } catch (error) {
        takeBack();
        this.#desiredRevision = this.#appliedRevision;
        throw error;
      }
    });
  }

  /** Nothing is published after this; what is under way ends by itself. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  async #publishInBackground(): Promise<void> {
    if (this.#isQueued) {
      return;
    }
    this.#isQueued = true;
    try {
      await this.#enqueue(() => {
        this.#isQueued = false;
        return this.#publish();
      });
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #enqueue(job: () => Promise<number>): Promise<number> {
    const done = this.#tail.then(job);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #publish(): Promise<number> {
    if (this.#stopped) {
      return this.#appliedRevision;
    }
    this.#lastRevision += 1;
    const revision = this.#lastRevision;
    const snapshot = this.#options.compile(revision);
    this.#desiredRevision = revision;
    const applied = await this.#options.publish(snapshot);
    this.#appliedRevision = Math.max(this.#appliedRevision, applied);
    this.#options.onApplied(snapshot);
    return applied;
  }
}
