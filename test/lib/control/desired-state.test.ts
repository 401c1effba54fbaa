import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Desired, DesiredState } from '../../../lib/control/desired-state.ts';
import { configOf, resolvedCluster, resolvedListener } from '../../support/configs.ts';

const one = { address: '10.0.0.1:80', weight: 1, zone: null };
const two = { address: '10.0.0.2:80', weight: 1, zone: null };
const nothing = {
  listenerIds: new Set<number>(),
  endpointIds: new Set<number>(),
  clusterIds: new Set<number>(),
  routeIds: new Set<number>(),
};

function started(): DesiredState {
  const state = new DesiredState();
  state.setConfig(configOf({}));
  state.setEndpoints('app', [one, two]);
  return state;
}

function clusterOf(desired: Desired, name = 'app'): Desired['clusters'][number] {
  const cluster = desired.clusters.find(({ config }) => config.name === name);
  assert.ok(cluster);
  return cluster;
}

test('a listener refers to its cluster by id', () => {
  const { listeners, clusters } = started().current();
  assert.equal(listeners[0]?.clusterId, clusters[0]?.id);
});

test('ids stay with their names through reloads that remove and bring back', () => {
  const state = started();
  const before = state.current();
  state.setConfig(
    configOf({
      listeners: [resolvedListener({ name: 'other', cluster: 'new' })],
      clusters: [resolvedCluster({ name: 'new' })],
    }),
  );
  state.setEndpoints('new', [one]);
  state.setConfig(configOf({}));
  state.setEndpoints('app', [two, one]);
  const after = state.current();
  assert.equal(after.listeners[0]?.id, before.listeners[0]?.id);
  assert.equal(clusterOf(after).id, clusterOf(before).id);
  const idOf = (desired: Desired, address: string): number | undefined =>
    clusterOf(desired).endpoints.find((endpoint) => endpoint.address === address)?.id;
  assert.equal(idOf(after, one.address), idOf(before, one.address));
  assert.equal(idOf(after, two.address), idOf(before, two.address));
});

test('the same address in two clusters has two ids', () => {
  const state = new DesiredState();
  state.setConfig(
    configOf({ clusters: [resolvedCluster({}), resolvedCluster({ name: 'second' })] }),
  );
  state.setEndpoints('app', [one]);
  state.setEndpoints('second', [one]);
  const desired = state.current();
  assert.notEqual(
    clusterOf(desired).endpoints[0]?.id,
    clusterOf(desired, 'second').endpoints[0]?.id,
  );
});

test('a cluster keeps its revision and its object while nothing in it changes', () => {
  const state = started();
  const before = clusterOf(state.current());
  state.setConfig(configOf({ limits: { ...configOf({}).limits, connectionsMax: 5 } }));
  state.setEndpoints('app', [{ ...one }, { ...two }]);
  assert.equal(clusterOf(state.current()), before);
});

for (const [what, change] of [
  ['an endpoint', (state: DesiredState) => state.setEndpoints('app', [one])],
  ['a weight', (state: DesiredState) => state.setEndpoints('app', [one, { ...two, weight: 2 }])],
  ['a zone', (state: DesiredState) => state.setEndpoints('app', [one, { ...two, zone: 'b' }])],
  ['the order', (state: DesiredState) => state.setEndpoints('app', [two, one])],
  [
    'a setting',
    (state: DesiredState) =>
      state.setConfig(configOf({ clusters: [resolvedCluster({ connectTimeoutMs: 7 })] })),
  ],
] as const) {
  test(`a cluster gets another revision when ${what} changes, and a third when it changes back`, () => {
    const state = started();
    const first = clusterOf(state.current()).revision;
    change(state);
    const second = clusterOf(state.current()).revision;
    state.setConfig(configOf({}));
    state.setEndpoints('app', [one, two]);
    const third = clusterOf(state.current()).revision;
    assert.equal(new Set([first, second, third]).size, 3);
  });
}

test('a change of settings keeps the endpoints that discovery reported', () => {
  const state = started();
  state.setConfig(configOf({ clusters: [resolvedCluster({ connectTimeoutMs: 7 })] }));
  assert.equal(clusterOf(state.current()).endpoints.length, 2);
});

test('an address that is reported twice counts once', () => {
  const state = started();
  state.setEndpoints('app', [one, { ...one, weight: 9 }]);
  const { endpoints } = clusterOf(state.current());
  assert.deepEqual(
    endpoints.map(({ weight }) => weight),
    [9],
  );
});

test('a report for a cluster that nobody configured changes nothing', () => {
  const state = started();
  state.setEndpoints('elsewhere', [one]);
  assert.equal(state.current().clusters.length, 1);
});

test('what left is still known by its id, as not configured, until it is forgotten', () => {
  const state = started();
  const { listeners, clusters } = state.current();
  const listenerId = listeners[0]?.id ?? 0;
  const clusterId = clusters[0]?.id ?? 0;
  const endpointId = clusters[0]?.endpoints[0]?.id ?? 0;
  state.setConfig(configOf({ listeners: [], clusters: [] }));
  assert.deepEqual(state.listener(listenerId), {
    name: 'web',
    address: '127.0.0.1:8080',
    direction: 'outbound',
    configured: false,
  });
  assert.deepEqual(state.endpoint(clusterId, endpointId), {
    cluster: 'app',
    address: one.address,
    configured: false,
  });
  state.forgetAllBut({
    listenerIds: new Set(),
    endpointIds: new Set([endpointId]),
    clusterIds: new Set(),
    routeIds: new Set(),
  });
  assert.equal(state.listener(listenerId), null);
  assert.equal(state.endpoint(clusterId, endpointId)?.cluster, 'app', 'its cluster is kept too');
  state.forgetAllBut(nothing);
  assert.equal(state.endpoint(clusterId, endpointId), null);
  assert.equal(state.clusterName(clusterId), null);
});

test('what is configured is never forgotten', () => {
  const state = started();
  const before = state.current();
  state.forgetAllBut(nothing);
  assert.deepEqual(state.current(), before);
  assert.equal(state.listener(before.listeners[0]?.id ?? 0)?.configured, true);
});

test('an endpoint asked for under the wrong cluster is unknown', () => {
  const state = started();
  const { clusters } = state.current();
  const endpointId = clusters[0]?.endpoints[0]?.id ?? 0;
  assert.equal(state.endpoint((clusters[0]?.id ?? 0) + 1, endpointId), null);
});
