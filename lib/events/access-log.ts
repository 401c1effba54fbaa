// One line for each connection that ended, where its listener asks for it. The fields are spelled as in
// lib/contract/events.ts; ids become names, numbers of closed lists become words.

import { errnoName } from '../base/errno.ts';
import type { Log } from '../base/log.ts';
import { closeReasons } from '../contract/close-reason.ts';
import { noId } from '../contract/events.ts';
import type { EventOf } from './decode.ts';
import type { EventNames } from './names.ts';

export interface AccessLogLine {
  readonly connectionId: number;
  readonly listener: string | null;
  readonly cluster: string | null;
  /** `null` when no endpoint was reached. */
  readonly endpoint: string | null;
  readonly downstreamAddress: string;
  readonly upstreamAddress: string | null;
  readonly closeReason: string;
  /** Symbolic, `null` for none. */
  readonly errno: string | null;
  /** RFC 3339, when the connection was accepted. */
  readonly started: string;
  readonly durationUs: number;
  /** `null` when no connection to an endpoint was made. */
  readonly connectUs: number | null;
  readonly downstreamReadBytes: number;
  readonly upstreamReadBytes: number;
  readonly attemptCount: number;
}

export class AccessLog {
  readonly #log: Log;
  readonly #names: EventNames;

  /** REQUIRES: a log of its own, whose level is not the one that people turn down. */
  constructor(log: Log, names: EventNames) {
    this.#log = log;
    this.#names = names;
  }

  write(event: EventOf<'connectionClosed'>): void {
    this.#log.info('connection closed', { ...accessLogLine(event, this.#names) });
  }
}

export function accessLogLine(
  event: EventOf<'connectionClosed'>,
  names: EventNames,
): AccessLogLine {
  const reached = event.endpointId !== noId;
  return {
    connectionId: event.connectionId,
    listener: names.listenerName(event.listenerId),
    cluster: event.clusterId === noId ? null : names.clusterName(event.clusterId),
    endpoint: reached ? names.endpointAddress(event.clusterId, event.endpointId) : null,
    downstreamAddress: event.downstreamAddress,
    upstreamAddress: event.upstreamAddress === '' ? null : event.upstreamAddress,
    closeReason: closeReasons[event.closeReason] ?? `unknown_${event.closeReason}`,
    errno: errnoName(event.errno),
    started: new Date(Math.floor(event.startedUs / 1_000)).toISOString(),
    durationUs: Math.max(0, event.atUs - event.startedUs),
    connectUs: reached ? event.connectUs : null,
    downstreamReadBytes: event.downstreamReadBytes,
    upstreamReadBytes: event.upstreamReadBytes,
    attemptCount: event.attemptCount,
  };
}
