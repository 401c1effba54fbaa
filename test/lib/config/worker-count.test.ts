import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuFacts, readCpuFacts, workerCountFrom } from '../../../lib/config/worker-count.ts';

const facts: CpuFacts = { cpuCount: 8, cpuMax: [], cfsQuota: null, cfsPeriod: null };

test('without a quota there is a worker for each CPU of the affinity mask', () => {
  assert.equal(workerCountFrom(facts), 8);
  assert.equal(workerCountFrom({ ...facts, cpuMax: ['max 100000\n'] }), 8);
  assert.equal(workerCountFrom({ ...facts, cfsQuota: '-1\n', cfsPeriod: '100000\n' }), 8);
});

test('a quota limits the workers and is rounded up', () => {
  assert.equal(workerCountFrom({ ...facts, cpuMax: ['200000 100000\n'] }), 2);
  assert.equal(workerCountFrom({ ...facts, cpuMax: ['150000 100000\n'] }), 2);
  assert.equal(workerCountFrom({ ...facts, cpuMax: ['10000 100000\n'] }), 1);
  assert.equal(workerCountFrom({ ...facts, cfsQuota: '300000\n', cfsPeriod: '100000\n' }), 3);
});

test('the smallest quota of a cgroup and its ancestors holds', () => {
  assert.equal(
    workerCountFrom({ ...facts, cpuMax: ['max 100000', '400000 100000', '200000 100000'] }),
    2,
  );
});

test('the count is between 1 and the maximum, whatever the files say', () => {
  assert.equal(workerCountFrom({ ...facts, cpuCount: 0 }), 1);
  assert.equal(workerCountFrom({ ...facts, cpuCount: 4096 }), 256);
  for (const text of ['', '0 0', 'x y', '-5 100000', '100000 0', '0 100000']) {
    assert.equal(workerCountFrom({ ...facts, cpuMax: [text] }), 8, text);
  }
});

test('the files of cgroup version 2 are read for the group and its ancestors', () => {
  const files: Record<string, string> = {
    '/proc/self/cgroup': '0::/kubepods/pod1/web\n',
    '/sys/fs/cgroup/kubepods/cpu.max': '300000 100000\n',
    '/sys/fs/cgroup/kubepods/pod1/web/cpu.max': 'max 100000\n',
  };
  const read = (path: string) => files[path] ?? null;
  assert.deepEqual(readCpuFacts(read, 4).cpuMax, ['300000 100000\n', 'max 100000\n']);
  assert.equal(workerCountFrom(readCpuFacts(read, 4)), 3);
});

test('the files of cgroup version 1 are read at the group, else at the root that a container sees', () => {
  const group = '5:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n0::/\n';
  const at = (folder: string): CpuFacts => {
    const files: Record<string, string> = {
      '/proc/self/cgroup': group,
      [`${folder}/cpu.cfs_quota_us`]: '200000\n',
      [`${folder}/cpu.cfs_period_us`]: '100000\n',
    };
    return readCpuFacts((path) => files[path] ?? null, 4);
  };
  assert.equal(workerCountFrom(at('/sys/fs/cgroup/cpu/docker/abc')), 2);
  assert.equal(workerCountFrom(at('/sys/fs/cgroup/cpu')), 2);
});

test('on this machine the facts give at least one worker', () => {
  assert.ok(workerCountFrom(readCpuFacts()) >= 1);
  assert.deepEqual(
    readCpuFacts(() => null, 3),
    { ...facts, cpuCount: 3 },
  );
});
