// What `weft run` and `weft forward` share: a process that runs one proxy until it is stopped. Imports what moves bytes
// and nothing else, because what is imported is paid for in memory as long as the sidecar lives.

import { keepHeapSmall } from '../app/heap.ts';
import { Lifecycle } from '../app/lifecycle.ts';
import { reapOrphans } from '../app/orphans.ts';
import { WeftProxy } from '../app/proxy.ts';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { loadAddon } from '../engine/load-addon.ts';
import { forgetEndOnSignals } from './early-signals.ts';
import { packageVersion } from './package-version.ts';

export interface RunProxyOptions {
  readonly config: Config;
  /** Loads the configuration again; `null` when there is no file. */
  readonly load: (() => Promise<Config>) | null;
  /** Calls back when the file changed, until it is stopped; `null` without --watch. */
  readonly watch: ((onChange: () => void) => { stop(): void }) | null;
}

/** Resolves with the exit code when the proxy was stopped. Rejects when it cannot start. */
export async function runProxy(options: RunProxyOptions): Promise<number> {
  const { config, load } = options;
  // For other commands an unexpected error is the end; a proxy logs it and goes on (lib/app/lifecycle.ts).
  process.removeAllListeners('uncaughtException');
  const addon = loadAddon();
  const log = await createLog(config.log);
  const lifecycle = new Lifecycle({ log, signals: process, config, load });
  const proxy = new WeftProxy({
    addon,
    log,
    build: {
      version: packageVersion(),
      addon: addon.probe().build,
      node: process.versions.node,
    },
    onShutdown: () => lifecycle.requestStop('POST /shutdown'),
    trace: process.env['WEFT_TRACE_BOUNDARY'] === '1' ? traceToStderr : null,
  });
  const watch = options.watch?.(() => lifecycle.reload());
  const stopReaping =
    process.pid === 1
      ? reapOrphans({ signals: process, clock: systemClock, reap: addon.reapChild })
      : () => undefined;
  const stopLooking = keepHeapSmall({ clock: systemClock, trim: addon.trimHeap });
  forgetEndOnSignals();
  try {
    await lifecycle.run(proxy);
  } finally {
    watch?.stop();
    stopReaping();
    stopLooking();
    log.flush();
  }
  return 0;
}

function traceToStderr(line: string): void {
  process.stderr.write(`weft boundary: ${line}\n`);
}
