// Time as a value that tests can replace: a clock that only goes up, and timers on it.

export interface Clock {
  /** Milliseconds that only go up; the start is arbitrary. */
  now(): number;
  /** Runs once after `ms`. The returned function cancels it, also when it has run. A timer that waits does not
   * keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
});
