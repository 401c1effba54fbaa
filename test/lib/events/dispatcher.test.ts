import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventDispatcher, type EventHandlers } from '../../../lib/events/dispatcher.ts';
import { encodeEvent } from '../../support/event-encoder.ts';

function recording(): { readonly handlers: EventHandlers; readonly seen: string[] } {
  const seen: string[] = [];
  const note = (event: { readonly kind: string }, worker: number): void => {
    seen.push(`${event.kind}@${worker}`);
  };
  const handlers: EventHandlers = {
    connectionClosed: note,
    requestEnded: note,
    acceptPaused: note,
    acceptResumed: note,
    endpointUnavailable: note,
    endpointAvailable: note,
    limitReached: note,
    clusterPanic: note,
  };
  return { handlers, seen };
}

test('each record goes to the handler of its kind, in order, with its worker', () => {
  const { handlers, seen } = recording();
  const dispatcher = new EventDispatcher(handlers, assert.ifError);
  const batch = Buffer.concat([
    encodeEvent({ kind: 'acceptPaused' }),
    encodeEvent({ kind: 'limitReached' }),
  ]);
  dispatcher.dispatch(1, batch);
  assert.deepEqual(seen, ['acceptPaused@1', 'limitReached@1']);
});

test('a batch that cannot be read, or a handler that throws, is reported and does not throw', () => {
  const { handlers, seen } = recording();
  const errors: unknown[] = [];
  const failing: EventHandlers = {
    ...handlers,
    acceptPaused: () => {
      throw new Error('broken handler');
    },
  };
  const dispatcher = new EventDispatcher(failing, (error) => errors.push(error));
  dispatcher.dispatch(0, encodeEvent({ kind: 'acceptPaused' }));
  dispatcher.dispatch(0, new Uint8Array(9));
  dispatcher.dispatch(0, encodeEvent({ kind: 'acceptResumed' }));
  assert.equal(errors.length, 2);
  assert.deepEqual(seen, ['acceptResumed@0']);
});
