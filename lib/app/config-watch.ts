// Watches a configuration file for changes. Watches its folder, not the file: editors and Kubernetes replace files
// (a rename, or the `..data` link of a mounted ConfigMap), and a watch on the file would stay with the old one. A
// burst of events is one change.

import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import type { Clock } from '../base/clock.ts';

export interface ConfigWatchOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly onChange: () => void;
  /** The folder cannot be watched (any more); changes go unnoticed. */
  readonly onError: (error: unknown) => void;
  /** How long a change must be over. */
  readonly quietMs: number;
}

/** A configuration may import or read files beside it. */
const watchedEndings = new Set(['.ts', '.mts', '.js', '.mjs', '.json', '.yaml', '.yml']);

export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #cancelTimer: () => void = () => undefined;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
  }

  start(): void {
    for (const folder of this.#folders()) {
      if (!this.#watchers.has(folder)) {
        this.#watchFolder(folder);
      }
    }
  }

  stop(): void {
    this.#cancelTimer();
    for (const watcher of this.#watchers.values()) {
      watcher.close();
    }
    this.#watchers.clear();
  }

  /** Where the name is, and where the file is that a link leads to. */
  #folders(): ReadonlySet<string> {
    const { path } = this.#options;
    const folders = new Set([dirname(path)]);
    try {
      folders.add(dirname(realpathSync(path)));
    } catch {
      // The file is being replaced; its folder tells when it is back.
    }
    return folders;
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || this.#concerns(name)) {
          this.#changed();
        }
      });
      watcher.on('error', (error) => this.#lost(folder, error));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #concerns(name: string): boolean {
    const isKubernetesLink = name.startsWith('..');
    return (
      name === basename(this.#options.path) || isKubernetesLink || watchedEndings.has(extname(name))
    );
  }

  #changed(): void {
    const { clock, quietMs, onChange } = this.#options;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(quietMs, () => {
      this.#refresh();
      onChange();
    });
  }

  /** A link may lead to another folder by now. */
  #refresh(): void {
    const folders = this.#folders();
    for (const [folder, watcher] of this.#watchers) {
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    }
    this.start();
  }

  #lost(folder: string, error: unknown): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
    this.#options.onError(error);
  }
}
