// A file that lines are appended to, on the JavaScript thread, which never waits for it: lines wait in a bounded queue
// while one write is under way, and what finds no room is dropped and counted. A pipe works too, and may be slow. The
// file is opened anew when asked for, between two writes, so that a rotation by rename loses no line.

import { close, constants, open, openSync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { ProxyError } from '../base/errors.ts';

export interface FileSinkOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Writing began to fail, or opening anew did while the old file is still written: why. `null`: it works again. */
  readonly onChange: (what: SinkStep, error: NodeJS.ErrnoException | null) => void;
  /** Characters that may wait. */
  readonly queueCharsMax?: number;
}

export type SinkStep = 'write' | 'reopen';

export interface SinkCounts {
  readonly written: number;
  readonly dropped: number;
}

/** Some 10,000 lines: a second at a high rate. */
const queueCharsMaxDefault = 4 * 1024 * 1024;
/** One write; larger ones save nothing. */
const batchCharsMax = 256 * 1024;
/** A pipe that is full is tried again after this; the kernel tells nobody who did not ask to wait. */
const fullPipeMs = 20;
/** A disk that is full. */
const failureMs = 1_000;
const closeMs = 1_000;
/** Without O_NONBLOCK a pipe that nobody reads would stop the thread. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const mode = 0o640;

const openFile = promisify(open);
const closeFile = promisify(close);
const writeFile = promisify(write);

export class FileSink {
  readonly #options: FileSinkOptions;
  readonly #queueCharsMax: number;
  #fd: number;
  #queue: string[] = [];
  #queuedChars = 0;
  #written = 0;
  #dropped = 0;
  #isFlushing: Promise<void> | null = null;
  #wantsReopen = false;
  readonly #failing = new Set<SinkStep>();
  #closed = false;
  #endPause: () => void = () => undefined;

  /** Throws a ProxyError with ERR_ACCESS_LOG when the file cannot be opened. */
  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#queueCharsMax = options.queueCharsMax ?? queueCharsMaxDefault;
    try {
      this.#fd = openSync(options.path, flags, mode);
    } catch (error) {
      throw openError(options.path, error as NodeJS.ErrnoException);
    }
  }

  get path(): string {
    return this.#options.path;
  }

  get counts(): SinkCounts {
    return { written: this.#written, dropped: this.#dropped };
  }

  /** Takes a line without its end. */
  write(line: string): void {
    if (this.#closed || this.#queuedChars + line.length + 1 > this.#queueCharsMax) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(line);
    this.#queuedChars += line.length + 1;
    void this.#flush();
  }

  /** Lines that come after this go to the file that has the name then. Never rejects. */
  async reopen(): Promise<void> {
    this.#wantsReopen = true;
    await this.#flush();
  }

  /** Writes what waits, for a second at most. */
  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#endPause();
    let cancel: () => void = () => undefined;
    const bound = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(closeMs, resolve);
    });
    await Promise.race([this.#flush(), bound]);
    cancel();
    this.#dropped += this.#queue.length;
    this.#queue = [];
    this.#queuedChars = 0;
    await closeFile(this.#fd).catch(() => undefined);
  }

  #flush(): Promise<void> {
    this.#isFlushing ??= this.#flushAll().finally(() => {
      this.#isFlushing = null;
    });
    return this.#isFlushing;
  }

  async #flushAll(): Promise<void> {
    while (this.#queue.length > 0 || this.#wantsReopen) {
      if (this.#wantsReopen || this.#failing.has('write')) {
        await this.#openAnew();
      }
      const lines = this.#takeBatch();
      if (lines.length > 0 && !(await this.#writeBatch(lines))) {
        await this.#pause(failureMs);
      }
    }
  }

  #takeBatch(): readonly string[] {
    let chars = 0;
    let count = 0;
    while (count < this.#queue.length && chars < batchCharsMax) {
      chars += (this.#queue[count]?.length ?? 0) + 1;
      count += 1;
    }
    this.#queuedChars -= chars;
    return this.#queue.splice(0, count);
  }

  /** Whole lines or none: what a full pipe did not take is offered again. */
  async #writeBatch(lines: readonly string[]): Promise<boolean> {
    let bytes = Buffer.from(`${lines.join('\n')}\n`);
    while (bytes.length > 0) {
      try {
        const { bytesWritten } = await writeFile(this.#fd, bytes);
        bytes = bytes.subarray(bytesWritten);
      } catch (error) {
        const problem = error as NodeJS.ErrnoException;
        if (problem.code !== 'EAGAIN' || this.#closed) {
          this.#dropped += lines.length;
          this.#became('write', problem);
          return false;
        }
        await this.#pause(fullPipeMs);
      }
    }
    this.#written += lines.length;
    this.#became('write', null);
    return true;
  }

  async #openAnew(): Promise<void> {
    this.#wantsReopen = false;
    try {
      const before = this.#fd;
      this.#fd = await openFile(this.#options.path, flags, mode);
      await closeFile(before);
      this.#became('reopen', null);
    } catch (error) {
      // The old file is still open, and better than none.
      this.#became('reopen', error as NodeJS.ErrnoException);
      this.#options.clock.after(failureMs, () => void this.#reopenUnlessClosed());
    }
  }

  async #reopenUnlessClosed(): Promise<void> {
    if (!this.#closed) {
      await this.reopen();
    }
  }

  #became(what: SinkStep, problem: NodeJS.ErrnoException | null): void {
    if (this.#failing.has(what) === (problem !== null)) {
      return;
    }
    if (problem === null) {
      this.#failing.delete(what);
    } else {
      this.#failing.add(what);
    }
    this.#options.onChange(what, problem);
  }

  /** Ends early when the sink is closed. */
  async #pause(ms: number): Promise<void> {
    if (!this.#closed) {
      await new Promise<void>((resolve) => {
        this.#endPause = resolve;
        this.#options.clock.after(ms, resolve);
      });
    }
  }
}

function openError(path: string, error: NodeJS.ErrnoException): ProxyError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'its folder does not exist',
    EACCES: 'no permission for it',
    EISDIR: 'it is a folder',
    EROFS: 'the file system is read-only',
    ENXIO: 'it is a pipe that nobody reads',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new ProxyError(
    'ERR_ACCESS_LOG',
    `log.accessLog.to: cannot open ${path}: ${reason} (${error.code}). ` +
      "Choose a file in a folder that this user may write to, or 'stdout'.",
    { path: 'log.accessLog.to', cause: error },
  );
}
