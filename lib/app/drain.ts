// The order of a drain. Inbound closes first: while what came in is finished, the workload may still need to call
// out, on connections that it opens only now. Outbound follows when no inbound connection is left, within the times
// of the configuration. JavaScript thread; the connections themselves drain in native code.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { DrainResult } from '../contract/addon.ts';
import type { Engine } from '../engine/engine.ts';

export interface DrainTools {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
}

/** Resolves when the last connection has ended, at the deadline at the latest. */
export async function drainInOrder(
  tools: DrainTools,
  config: Config,
  deadlineMs: number,
): Promise<DrainResult> {
  const { engine, clock } = tools;
  const { listeners } = config.drain;
  const began = clock.now();
  const forcedEarly = outboundWaits(config) ? await drainInbound(tools, config, deadlineMs) : 0;
  const leftMs = Math.max(0, Math.round(deadlineMs - (clock.now() - began)));
  const { forcedCount } = await engine.drain({ deadlineMs: leftMs, listeners, scope: 'all' });
  return { forcedCount: forcedEarly + forcedCount };
}

/** False where closing one after the other makes no difference. */
function outboundWaits({ drain, listeners }: Config): boolean {
  return (
    drain.order === 'inboundFirst' &&
    drain.listeners === 'close' &&
    (drain.outboundOpenMinMs > 0 || listeners.some(({ direction }) => direction === 'inbound'))
  );
}

/** Resolves when outbound is to follow, with the number of inbound connections that were reset until then. */
async function drainInbound(
  { engine, clock, log }: DrainTools,
  { drain }: Config,
  deadlineMs: number,
): Promise<number> {
  const least = new Pause(clock, Math.min(drain.outboundOpenMinMs, deadlineMs));
  const most = new Pause(clock, Math.min(drain.outboundOpenMaxMs, deadlineMs));
  let result: DrainResult | null = null;
  try {
    const inbound = engine.drain({ deadlineMs, listeners: 'close', scope: 'inbound' });
    const ended = inbound.then((outcome) => {
      result = outcome;
      return least.over;
    });
    await Promise.race([ended, most.over]);
  } finally {
    least.cancel();
    most.cancel();
  }
  const forcedCount = (result as DrainResult | null)?.forcedCount ?? 0;
  log.info('draining outbound', { inboundEnded: result !== null });
  return forcedCount;
}

/** A length of time that can be waited for, and given up. */
class Pause {
  readonly over: Promise<void>;
  readonly cancel: () => void;

  constructor(clock: Clock, ms: number) {
    let end: () => void = () => undefined;
    this.over = new Promise((resolve) => {
      end = resolve;
    });
    this.cancel = clock.after(ms, end);
  }
}
