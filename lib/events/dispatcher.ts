// Batches of event records -> the one handler of each kind. Runs on the JavaScript thread. A batch that cannot
// be read ends there and is reported; an exception must never reach the native callback.

import type { EventKind } from '../contract/events.ts';
import { decodeEvents, type EventOf, type WeftEvent } from './decode.ts';

/** What each worker reports, by kind. */
export type EventHandlers = {
  readonly [K in EventKind]: (event: EventOf<K>, worker: number) => void;
};

export class EventDispatcher {
  readonly #handlers: EventHandlers;
  readonly #onError: (error: unknown) => void;

  constructor(handlers: EventHandlers, onError: (error: unknown) => void) {
    this.#handlers = handlers;
    this.#onError = onError;
  }

  /** Handles every record of a batch in order. Never throws. */
  dispatch(worker: number, batch: Uint8Array): void {
    try {
      for (const event of decodeEvents(batch)) {
        this.#handle(event, worker);
      }
    } catch (error) {
      this.#onError(error);
    }
  }

  #handle<K extends EventKind>(event: WeftEvent & { readonly kind: K }, worker: number): void {
    const handler = this.#handlers[event.kind] as (event: WeftEvent, worker: number) => void;
    handler(event, worker);
  }
}
