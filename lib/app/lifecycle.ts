// From start to end of a process that runs a proxy: signals, reloads, the order of shutting down. SIGTERM and
// SIGINT drain, a second one stops at once, SIGHUP reloads. A bug in JavaScript is logged; the traffic, which does
// not need JavaScript, goes on. A process that exits in another way is native code's: it joins its own threads.

import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { WeftProxy } from './proxy.ts';

/** The part of `process` that is used here. */
export interface SignalSource {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

export interface LifecycleOptions {
  readonly log: Log;
  readonly signals: SignalSource;
  readonly config: Config;
  /** `null`: there is no file to load again. */
  readonly load: (() => Promise<Config>) | null;
}

/** Longer than any process lives between two of its turns; Node's largest is 2^31 - 1. */
const keepAliveMs = 2_000_000_000;

export class Lifecycle {
  readonly #options: LifecycleOptions;
  #stopCount = 0;
  #onStop: () => void = () => undefined;
  readonly #stopping: Promise<void>;
  #proxy: WeftProxy | null = null;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#stopping = new Promise((resolve) => {
      this.#onStop = resolve;
    });
  }

  /** As a signal does: the first drains, the second stops at once. */
  requestStop(reason: string): void {
    this.#stopCount += 1;
    this.#options.log.info('stopping', { reason, atOnce: this.#stopCount > 1 });
    if (this.#stopCount > 1) {
      void this.#proxy?.stop();
    }
    this.#onStop();
  }

  /** Starts the proxy, and resolves when it was stopped and everything is closed. Rejects when it cannot start. */
  async run(proxy: WeftProxy): Promise<void> {
    const remove = this.#install();
    this.#proxy = proxy;
    // Native threads do not keep Node's loop alive; without this the process would end when it is idle.
    const keepAlive = setInterval(() => undefined, keepAliveMs);
    try {
      await this.#live(proxy);
    } catch (error) {
      // A second signal stops what is in the middle of starting or draining; that is no failure.
      if (this.#stopCount < 2) {
        throw error;
      }
    } finally {
      await proxy.stop();
      clearInterval(keepAlive);
      remove();
    }
  }

  async #live(proxy: WeftProxy): Promise<void> {
    await proxy.start(this.#options.config);
    await this.#stopping;
    if (this.#stopCount === 1) {
      await proxy.drain();
    }
  }

  /** Reloads, or says that there is nothing to reload. */
  reload(): void {
    const { load, log } = this.#options;
    if (load === null || this.#proxy === null) {
      log.warn('nothing to reload: the configuration came from the command line');
      return;
    }
    // Its outcome is logged and counted by the proxy.
    void this.#proxy.reload(load);
  }

  /** The signal for both: log files were renamed, or the configuration changed. */
  #hangUp(): void {
    void this.#proxy?.reopenLogs();
    this.reload();
  }

  #install(): () => void {
    const { signals, log } = this.#options;
    const survive = (error: unknown): void => {
      const stack = error instanceof Error ? error.stack : String(error);
      log.error('unexpected error, traffic goes on', { stack });
    };
    const listeners: readonly (readonly [string, (...args: unknown[]) => void])[] = [
      ['SIGTERM', () => this.requestStop('SIGTERM')],
      ['SIGINT', () => this.requestStop('SIGINT')],
      ['SIGHUP', () => this.#hangUp()],
      ['uncaughtException', survive],
      ['unhandledRejection', survive],
    ];
    for (const [event, listener] of listeners) {
      signals.on(event, listener);
    }
    return () => {
      for (const [event, listener] of listeners) {
        signals.off(event, listener);
      }
    };
  }
}
