// Watches files by looking at them. Notifications miss what configurations are made of in containers: a
// symbolic link of a ConfigMap that is exchanged, a single file that is mounted, a network file system.

import { statSync } from 'node:fs';

/** A change is seen within two of these: once it differs, once it has stayed the same. */
const pollIntervalMs = 500;

export interface FileWatch {
  /** Watches these from now on. */
  setFiles(files: readonly string[]): void;
  stop(): void;
}

/** Calls `onChange` once for each change of any of the files, after they stopped changing. */
export function watchFiles(files: readonly string[], onChange: () => void): FileWatch {
  let watched = files;
  let settled = signature(watched);
  let last = settled;
  const timer = setInterval(() => {
    const now = signature(watched);
    const isStable = now === last;
    last = now;
    if (isStable && now !== settled) {
      settled = now;
      onChange();
    }
  }, pollIntervalMs);
  // Watching alone keeps no process alive.
  timer.unref();
  return {
    setFiles(next) {
      if (next.join('\0') !== watched.join('\0')) {
        watched = next;
        settled = signature(watched);
        last = settled;
      }
    },
    stop: () => clearInterval(timer),
  };
}

function signature(files: readonly string[]): string {
  return files.map(describe).join('\n');
}

function describe(file: string): string {
  try {
    const { mtimeMs, size, ino, dev } = statSync(file);
    return `${mtimeMs} ${size} ${ino} ${dev}`;
  } catch {
    // Absent for a moment while an editor or a mount exchanges it.
    return 'absent';
  }
}
