import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directorySlotBytes } from '../../../lib/contract/metrics.ts';
import { type RunView, SlabReader } from '../../../lib/metrics/slab-reader.ts';
import { FakeWorker } from '../../support/fake-worker.ts';

const size = { cellCount: 512, runCount: 16 };

function open(): { readonly worker: FakeWorker; readonly reader: SlabReader } {
  const worker = new FakeWorker(size);
  return { worker, reader: new SlabReader(0, worker.memory) };
}

function ofKind(reader: SlabReader, kind: string): readonly RunView[] {
  return [...reader.runs()].filter((run) => run.kind === kind);
}

test('the worker cells are read by name', () => {
  const { worker, reader } = open();
  worker.set('accepted', 7);
  worker.set('drainingNow', 1);
  assert.equal(reader.workerCell('accepted'), 7);
  assert.equal(reader.workerCell('drainingNow'), 1);
  assert.equal(reader.workerCell('loopTurns'), 0);
});

test('a run tells its kind, ids, text and cells', () => {
  const { worker, reader } = open();
  const run = worker.take('endpointTcp', [1, 20, 300], 'größer');
  run.set('readBytes', 12);
  const [view] = ofKind(reader, 'endpointTcp');
  assert.ok(view);
  assert.deepEqual(view.ids, [1, 20, 300, 0, 0]);
  assert.equal(view.text, 'größer');
  const values = new Float64Array(view.cellCount);
  assert.equal(reader.readRun(view, values), true);
  assert.deepEqual([...values], [0, 0, 12, 0, 0, 0, 0, 0]);
});

test('cells beyond 32 bits are read whole', () => {
  const { worker, reader } = open();
  worker.take('closeErrno', [0, 0, 1, 0, 104]).set('closes', 0x12_3456_789an);
  const [view] = ofKind(reader, 'closeErrno');
  assert.ok(view);
  const values = new Float64Array(1);
  reader.readRun(view, values);
  assert.equal(values[0], 0x12_3456_789a);
});

test('a free slot is skipped and those behind it are still read', () => {
  const { worker, reader } = open();
  const first = worker.take('closeErrno', [0, 0, 1]);
  worker.take('closeErrno', [0, 0, 2]);
  assert.equal(worker.release(first.slot, first.generation), true);
  assert.deepEqual(
    ofKind(reader, 'closeErrno').map((run) => run.ids[2]),
    [2],
  );
});

test('a view is the same object until the slot has a new owner', () => {
  const { worker, reader } = open();
  const run = worker.take('closeErrno', [0, 0, 1]);
  const [before] = ofKind(reader, 'closeErrno');
  assert.equal(ofKind(reader, 'closeErrno')[0], before);
  worker.release(run.slot, run.generation);
  worker.take('closeErrno', [0, 0, 9]);
  const [after] = ofKind(reader, 'closeErrno');
  assert.ok(before && after);
  assert.equal(after.slot, before.slot);
  assert.equal(after.ids[2], 9);
  assert.equal(reader.readRun(before, new Float64Array(1)), false);
  assert.equal(reader.owns(after), true);
});

test('a slot that points outside the slab is not read', () => {
  const { worker, reader } = open();
  const run = worker.take('closeErrno', [0, 0, 1]);
  new DataView(worker.memory.directory).setUint32(run.slot * directorySlotBytes + 8, 511, true);
  assert.equal(ofKind(reader, 'closeErrno').length, 1);
  const fresh = new SlabReader(0, worker.memory);
  new DataView(worker.memory.directory).setUint32(run.slot * directorySlotBytes + 8, 512, true);
  assert.equal(ofKind(fresh, 'closeErrno').length, 0);
});
