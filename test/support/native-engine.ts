// The real addon for tests, without lib/engine between: one engine with its events, and snapshots whose parts a test
// names.

import type { EngineHandle, StartOptions } from '../../lib/contract/addon.ts';
import type { Snapshot } from '../../lib/contract/snapshot.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';
import { decodeEvents, type WeftEvent } from '../../lib/events/decode.ts';
import { clusterSnapshot, endpointSnapshot, listenerSnapshot, snapshotOf } from './snapshots.ts';

export const addon = loadAddon();

export const startOptions: StartOptions = {
  workerCount: 2,
  eventRingBytes: 65_536,
  cellCount: 8_192,
  runCount: 512,
};

export interface NativeEngine {
  readonly handle: EngineHandle;
  /** Decoded as they came, of all workers. */
  readonly events: WeftEvent[];
}

export function startEngine(options: Partial<StartOptions> = {}): NativeEngine {
  const events: WeftEvent[] = [];
  const handle = addon.start({ ...startOptions, ...options }, (_worker, records) => {
    events.push(...decodeEvents(records));
  });
  return { handle, events };
}

/** One listener before one cluster. */
export function forwardSnapshot(
  port: number,
  addresses: readonly string[],
  revision = 1,
): Snapshot {
  const endpoints = addresses.map((address, index) => endpointSnapshot({ id: index + 1, address }));
  return snapshotOf({
    revision,
    listeners: [listenerSnapshot({ address: `127.0.0.1:${port}`, accessLog: true })],
    clusters: [clusterSnapshot({ revision, endpoints })],
  });
}

export interface NativeFailure {
  readonly code: string;
  readonly path: string | undefined;
  readonly errno: number | undefined;
  readonly message: string;
}

/** What a call fails with, whether it throws or rejects. */
export async function failureOf(call: () => unknown): Promise<NativeFailure> {
  try {
    await call();
  } catch (error) {
    return error as NativeFailure;
  }
  throw new Error('expected a failure, and there was none');
}
