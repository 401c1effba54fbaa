// What happens to endpoints and listeners, as log lines: one for each change of state, however many workers
// report it and however often. An endpoint counts as unavailable from the first report of a worker until the
// first report of any worker that it answers again; what connections and what health checks find out are two states.

import { errnoName } from '../base/errno.ts';
import type { Log } from '../base/log.ts';
import { closeReasons } from '../contract/close-reason.ts';
import { noId, type UnavailableCause, unavailableCauses } from '../contract/events.ts';
import type { EventOf } from './decode.ts';
import type { EventNames } from './names.ts';

/** A limit that is reached again within this time is part of the same story. */
const limitQuietMs = 60_000;

export interface NoticesOptions {
  readonly log: Log;
  readonly names: EventNames;
  /** Milliseconds that only go up. */
  readonly now: () => number;
}

export class Notices {
  readonly #log: Log;
  readonly #names: EventNames;
  readonly #now: () => number;
  readonly #unavailable = new Set<string>();
  readonly #paused = new Map<number, Set<number>>();
  readonly #limits = new Map<string, number>();

  constructor(options: NoticesOptions) {
    this.#log = options.log;
    this.#names = options.names;
    this.#now = options.now;
  }

  endpointUnavailable(event: EventOf<'endpointUnavailable'>): void {
    const key = endpointKey(event);
    if (this.#unavailable.has(key)) {
      return;
    }
    this.#unavailable.add(key);
    this.#log.warn('endpoint unavailable', {
      cluster: this.#names.clusterName(event.clusterId),
      endpoint: event.address,
      cause: unavailableCauses[event.cause] ?? event.cause,
      closeReason: closeReasons[event.closeReason] ?? event.closeReason,
      errno: errnoName(event.errno),
      backoffMs: event.backoffMs,
    });
  }

  endpointAvailable(event: EventOf<'endpointAvailable'>): void {
    if (this.#unavailable.delete(endpointKey(event))) {
      this.#log.info('endpoint available again', {
        cluster: this.#names.clusterName(event.clusterId),
        endpoint: event.address,
        cause: unavailableCauses[event.cause] ?? event.cause,
      });
    }
  }

  /** One line for each worker's change: a panic is rare, and each worker has its own. */
  clusterPanic(event: EventOf<'clusterPanic'>, worker: number): void {
    const fields = {
      cluster: this.#names.clusterName(event.clusterId),
      worker,
      endpointsLeft: event.leftCount,
      endpoints: event.endpointCount,
    };
    if (event.panic === 1) {
      this.#log.warn('cluster in panic: connections go to all endpoints', fields);
    } else {
      this.#log.info('cluster out of panic', fields);
    }
  }

  acceptPaused(event: EventOf<'acceptPaused'>, worker: number): void {
    const workers = this.#paused.get(event.listenerId) ?? new Set();
    this.#paused.set(event.listenerId, workers.add(worker));
    if (workers.size === 1) {
      this.#log.error('accept paused', {
        listener: this.#names.listenerName(event.listenerId),
        errno: errnoName(event.errno),
        hint: 'new connections wait until descriptors or memory are free; raise the limit (ulimit -n)',
      });
    }
  }

  acceptResumed(event: EventOf<'acceptResumed'>, worker: number): void {
    const workers = this.#paused.get(event.listenerId);
    if (workers?.delete(worker) && workers.size === 0) {
      this.#paused.delete(event.listenerId);
      this.#log.info('accept resumed', {
        listener: this.#names.listenerName(event.listenerId),
      });
    }
  }

  limitReached(event: EventOf<'limitReached'>): void {
    const reason = closeReasons[event.closeReason] ?? String(event.closeReason);
    const key = `${reason} ${event.listenerId} ${event.clusterId}`;
    const now = this.#now();
    const last = this.#limits.get(key);
    this.#limits.set(key, now);
    if (last === undefined || now - last >= limitQuietMs) {
      this.#log.warn('limit reached', {
        limit: reason,
        ...(event.clusterId === noId
          ? { listener: this.#names.listenerName(event.listenerId) }
          : { cluster: this.#names.clusterName(event.clusterId) }),
      });
    }
  }

  /** Forgets endpoints that `isConfigured` denies and limits that are over, so that nothing grows with what came
   * and went. */
  forget(isConfigured: (clusterId: number, endpointId: number) => boolean): void {
    for (const key of this.#unavailable) {
      const [clusterId = 0, endpointId = 0] = key.split(' ').map(Number);
      if (!isConfigured(clusterId, endpointId)) {
        this.#unavailable.delete(key);
      }
    }
    for (const [key, last] of this.#limits) {
      if (this.#now() - last >= limitQuietMs) {
        this.#limits.delete(key);
      }
    }
  }
}

const healthCheck = unavailableCauses.indexOf('health_check' satisfies UnavailableCause);

function endpointKey(event: {
  readonly clusterId: number;
  readonly endpointId: number;
  readonly cause: number;
}): string {
  return `${event.clusterId} ${event.endpointId} ${event.cause === healthCheck}`;
}
