import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../../lib/control/compile.ts';
import { DesiredState } from '../../../lib/control/desired-state.ts';
import { configOf, resolvedCluster } from '../../support/configs.ts';
import {
  clusterSnapshot,
  endpointSnapshot,
  listenerSnapshot,
  snapshotOf,
} from '../../support/snapshots.ts';

function desired(): DesiredState {
  const state = new DesiredState();
  state.setConfig(configOf({}));
  state.setEndpoints('app', [{ address: '10.0.0.1:80', weight: 4, zone: null }]);
  return state;
}

test('every field of the snapshot is there, in the order of the contract', () => {
  const releasedRuns = [{ worker: 0, run: 9, generation: 3 }];
  const snapshot = compile({ desired: desired().current(), revision: 7, releasedRuns });
  const endpoint = endpointSnapshot({ address: '10.0.0.1:80', weight: 4 });
  const expected = snapshotOf({
    revision: 7,
    drainTimeoutMs: 5_000,
    listeners: [listenerSnapshot({ connectionsMax: 1_000 })],
    clusters: [clusterSnapshot({ revision: 2, endpoints: [endpoint] })],
    releasedRuns,
  });
  assert.deepEqual(snapshot, expected);
  const fields = (value: object | undefined): string[] => Object.keys(value ?? {});
  assert.deepEqual(fields(snapshot.listeners[0]), fields(expected.listeners[0]));
  assert.deepEqual(fields(snapshot.clusters[0]), fields(expected.clusters[0]));
});

test('the same desired state gives the same snapshot', () => {
  const input = { desired: desired().current(), revision: 1, releasedRuns: [] };
  assert.deepEqual(compile(input), compile(input));
});

test('nothing in a snapshot is undefined', () => {
  const snapshot = compile({ desired: desired().current(), revision: 1, releasedRuns: [] });
  const walk = (value: unknown, path: string): void => {
    assert.notEqual(value, undefined, path);
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        walk(inner, `${path}.${key}`);
      }
    }
  };
  walk(snapshot, 'snapshot');
});

test('an endpoint is in the own zone when the cluster prefers that zone', () => {
  const zonePreference = { usableSharePercentMin: 70, usableCountMin: 1 };
  const compiled = (ownZone: string | null, zones: readonly (string | null)[]) => {
    const state = new DesiredState();
    const preference = ownZone === null ? null : zonePreference;
    state.setConfig(
      configOf({ clusters: [resolvedCluster({ ownZone, zonePreference: preference })] }),
    );
    const endpoints = zones.map((zone, i) => ({ address: `10.0.0.${i}:80`, weight: 1, zone }));
    state.setEndpoints('app', endpoints);
    const { clusters } = compile({ desired: state.current(), revision: 1, releasedRuns: [] });
    const near = clusters[0]?.endpoints.map(({ ownZone }) => ownZone);
    return { near, preference: clusters[0]?.zonePreference };
  };
  assert.deepEqual(compiled('a', ['a', 'b', null]), {
    near: [true, false, false],
    preference: zonePreference,
  });
  // With all on one side there is nothing to prefer.
  assert.deepEqual(compiled('a', ['a', 'a']), { near: [true, true], preference: null });
  assert.deepEqual(compiled('a', ['b', null]), { near: [false, false], preference: null });
  assert.deepEqual(compiled('a', []), { near: [], preference: null });
  assert.deepEqual(compiled(null, ['a', null]), { near: [false, false], preference: null });
});
