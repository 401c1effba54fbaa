import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cluster,
  hints,
  type Json,
  listener,
  problems,
  sample,
  withCluster,
  withListener,
} from './support.ts';

const two = (first: object, second: object, rest: object = {}) =>
  sample({
    listeners: [listener({ ...first }), listener({ address: '127.0.0.1:8081', ...second })],
    ...rest,
  });

test('two listeners have different names', () => {
  assert.deepEqual(problems(two({ name: 'a' }, { name: 'b' })), []);
  assert.deepEqual(problems(two({ name: 'a' }, { name: 'a' })), [
    'duplicate-name listeners[1].name',
  ]);
  assert.deepEqual(problems(two({}, { name: '127.0.0.1:8080' })), [
    'duplicate-name listeners[1].name',
  ]);
  const free = '127.0.0.1:0';
  assert.deepEqual(problems(two({ address: free }, { address: free })), [
    'duplicate-name listeners[1].name',
  ]);
  assert.deepEqual(problems(two({ address: free, name: 'a' }, { address: free, name: 'b' })), []);
});

test('a listener names a cluster that exists', () => {
  assert.deepEqual(problems(withListener({ cluster: 'wbe' })), [
    'unknown-cluster listeners[0].cluster',
  ]);
  assert.match(hints(withListener({ cluster: 'wbe' })), /'web'/);
  assert.match(hints(withListener({ cluster: 'database' })), /Known clusters: web/);
  assert.deepEqual(problems(withListener({ cluster: 'toString' })), [
    'unknown-cluster listeners[0].cluster',
  ]);
});

test('a cluster that was reported for something else is not reported as unknown', () => {
  const clusters = { 'w b': cluster(), web: { endpoints: 7 } };
  assert.deepEqual(problems(sample({ clusters })).sort(), [
    'bad-name clusters["w b"]',
    'wrong-type clusters.web.endpoints',
  ]);
});

test('two listeners, or a listener and the admin server, do not take the same address', () => {
  const taken = 'duplicate-address listeners[1].address';
  const addresses = (first: string, second: string, more: object = {}) =>
    problems(two({ address: first }, { address: second, ...more }));
  assert.deepEqual(addresses('127.0.0.1:80', '127.0.0.1:80'), [taken]);
  assert.deepEqual(addresses('[::1]:80', '[0:0::1]:80'), [taken]);
  assert.deepEqual(addresses('unix:/run/a', 'unix:/run/a'), [taken]);
  assert.deepEqual(addresses('0.0.0.0:80', '127.0.0.1:80'), [taken]);
  assert.deepEqual(addresses('127.0.0.1:80', '0.0.0.0:80'), [taken]);
  assert.deepEqual(addresses('0.0.0.0:80', '[::]:80'), [taken]);
  assert.deepEqual(addresses('[::1]:80', '[::]:80', { ipv6Only: true }), [taken]);
  assert.deepEqual(addresses('0.0.0.0:80', '[::]:80', { ipv6Only: true }), []);
  assert.deepEqual(addresses('127.0.0.1:80', '[::1]:80'), []);
  assert.deepEqual(addresses('127.0.0.1:80', '127.0.0.2:80'), []);
  assert.deepEqual(addresses('unix:/run/a', 'unix:/run/b'), []);

  const admin = 'duplicate-address admin.address';
  assert.deepEqual(problems(withListener({ address: '127.0.0.1:4191' })), [admin]);
  assert.deepEqual(problems(withListener({ address: '0.0.0.0:4191' })), [admin]);
  const without = sample({ listeners: [listener({ address: '127.0.0.1:4191' })], admin: null });
  assert.deepEqual(problems(without), []);
  const unusable = {
    listeners: [listener({ address: '127.0.0.1:4191' })],
    admin: { address: 'x' },
  };
  assert.deepEqual(problems(sample(unusable)), ['bad-address admin.address']);
});

test('an endpoint is listed once in a cluster', () => {
  const endpoints = ['10.0.0.5:80', { address: '10.0.0.6:80' }, { address: '10.0.0.5:080' }];
  assert.deepEqual(problems(withCluster({ endpoints })), [
    'duplicate-address clusters.web.endpoints[2]',
  ]);
});

test('a listener does not send its connections to itself', () => {
  const loop = (address: string, endpoint: string, more: object = {}) =>
    problems(
      sample({
        listeners: [listener({ address, ...more })],
        clusters: { web: cluster({ endpoints: ['10.0.0.5:80', endpoint] }) },
      }),
    );
  const found = ['loop clusters.web.endpoints[1]'];
  assert.deepEqual(loop('127.0.0.1:80', '127.0.0.1:80'), found);
  assert.deepEqual(loop('127.0.0.1:80', 'localhost:80'), found);
  assert.deepEqual(loop('0.0.0.0:80', '127.0.0.7:80'), found);
  assert.deepEqual(loop('[::]:80', '127.0.0.1:80'), found);
  assert.deepEqual(loop('unix:/run/a', 'unix:/run/a'), found);
  assert.deepEqual(loop('[::]:80', '127.0.0.1:80', { ipv6Only: true }), []);
  assert.deepEqual(loop('0.0.0.0:80', '10.0.0.1:80'), []);
  assert.deepEqual(loop('127.0.0.1:80', '127.0.0.1:81'), []);
});

test('settings that the address cannot have are problems', () => {
  assert.deepEqual(problems(withListener({ ipv6Only: true })), [
    'contradiction listeners[0].ipv6Only',
  ]);
  assert.deepEqual(problems(withListener({ ipv6Only: false })), []);
  assert.deepEqual(problems(withListener({ unixMode: '0600' })), [
    'contradiction listeners[0].unixMode',
  ]);
});

test('a keepalive that the idle timeout always beats is a problem when a person wrote it', () => {
  const found = ['contradiction listeners[0].keepalive.idle'];
  const check = (idleTimeout: unknown, idle: unknown) =>
    problems(withListener({ idleTimeout, keepalive: { idle } }));
  assert.deepEqual(check('1m', '1m'), found);
  assert.deepEqual(check(undefined, '2h'), found);
  assert.deepEqual(check(null, '2h'), []);
  assert.deepEqual(check('2m', '1m'), []);
  assert.deepEqual(check('30s', undefined), []);
  assert.deepEqual(check('soon', '2h'), ['bad-duration listeners[0].idleTimeout']);
});

test('a limit leaves one to each worker and to each listener no more than to all', () => {
  assert.deepEqual(problems(sample({ workers: 4, limits: { connectionsMax: 3 } })), [
    'contradiction limits.connectionsMax',
  ]);
  assert.deepEqual(problems(sample({ workers: 4, listeners: [listener({ connectionsMax: 3 })] })), [
    'contradiction listeners[0].connectionsMax',
  ]);
  assert.deepEqual(problems(sample({ workers: 4, limits: { connectionsMax: 4 } })), []);
  const more = (limits: object) =>
    problems(sample({ limits, listeners: [listener({ connectionsMax: 200_000 })] }));
  assert.deepEqual(more({}), ['contradiction listeners[0].connectionsMax']);
  assert.deepEqual(more({ connectionsMax: 200_000 }), []);
  assert.deepEqual(more({ connectionsMax: 'all' }), ['wrong-type limits.connectionsMax']);
});

test('a back-off that begins above its end is a problem; one of the two alone is not', () => {
  const found = (ejection: object) => problems(withCluster({ ejection }));
  assert.deepEqual(found({ baseTime: '2s', maxTime: '1s' }), [
    'contradiction clusters.web.ejection.baseTime',
  ]);
  assert.deepEqual(found({ baseTime: '1s', maxTime: '1s' }), []);
  assert.deepEqual(found({ baseTime: '1m' }), []);
  assert.deepEqual(found({ maxTime: '10ms' }), []);
});

test('a count of early closes needs to know what is early', () => {
  const found = (ejection: object) => problems(withCluster({ ejection }));
  const wrong = ['contradiction clusters.web.ejection.consecutiveEarlyCloses'];
  assert.deepEqual(found({ consecutiveEarlyCloses: 3 }), wrong);
  assert.deepEqual(found({ consecutiveEarlyCloses: 3, earlyClose: null }), wrong);
  assert.deepEqual(found({ consecutiveEarlyCloses: 3, earlyClose: '1s' }), []);
  assert.deepEqual(found({ minRequests: 3, successWindow: '1s' }), [
    'contradiction clusters.web.ejection.minRequests',
    'contradiction clusters.web.ejection.successWindow',
  ]);
  assert.deepEqual(found({ minRequests: 3, minSuccessRate: 0.5 }), []);
});

test('a check by connect asks for nothing', () => {
  const found = (healthCheck: Json) => problems(withCluster({ healthCheck }));
  assert.deepEqual(found({ path: '/', host: 'a' }), [
    'contradiction clusters.web.healthCheck.path',
    'contradiction clusters.web.healthCheck.host',
  ]);
  assert.deepEqual(found({ type: 'http', path: '/', host: 'a' }), []);
});

test('a load bound fits balancers that hash, a slow start the others', () => {
  const found = (change: Json) => problems(withCluster(change));
  for (const type of ['p2cEwma', 'roundRobin', 'leastConnections', 'random']) {
    assert.deepEqual(found({ balancer: { type, loadBound: 1.5 } }), [
      'contradiction clusters.web.balancer.loadBound',
    ]);
    assert.deepEqual(found({ balancer: type, slowStart: '5s' }), []);
    assert.deepEqual(found({ balancer: { type, key: 'path' } }), [
      'contradiction clusters.web.balancer.key',
    ]);
  }
  for (const type of ['ringHash', 'maglev']) {
    assert.deepEqual(found({ balancer: { type, loadBound: 1.5 } }), []);
    const key = { from: 'header', name: 'a', maxAge: '1h' };
    assert.deepEqual(found({ balancer: { type, key } }), [
      'contradiction clusters.web.balancer.key.maxAge',
    ]);
    const problem = ['contradiction clusters.web.slowStart'];
    assert.deepEqual(found({ balancer: type, slowStart: '5s' }), problem);
    assert.deepEqual(found({ balancer: { type }, slowStart: { window: '5s' } }), problem);
    assert.deepEqual(found({ balancer: type, slowStart: null }), []);
    assert.deepEqual(found({ balancer: { type, decay: '1s' } }), [
      'contradiction clusters.web.balancer.decay',
    ]);
  }
});

test('a zone preference needs the zone of the proxy', () => {
  const input = withCluster({ zonePreference: { minUsableCount: 2 } });
  assert.deepEqual(problems(input), ['contradiction clusters.web.zonePreference']);
  assert.match(hints(input), /WEFT_ZONE/);
  assert.deepEqual(problems({ ...input, zone: 'a' }), []);
  assert.deepEqual(problems(withCluster({ zonePreference: null })), []);
});

test('settings of p2cEwma do not fit another balancer', () => {
  assert.deepEqual(
    problems(withCluster({ balancer: { type: 'random', decay: '1s', rttDefault: '1s' } })),
    ['contradiction clusters.web.balancer.rttDefault', 'contradiction clusters.web.balancer.decay'],
  );
  assert.deepEqual(problems(withCluster({ balancer: { type: 'roundRobin' } })), []);
});

test('times of a drain act, follow each other, and end with it', () => {
  const drain = (parts: object): string[] => problems(sample({ drain: parts }));
  const least = 'contradiction drain.outboundOpenMin';
  const most = 'contradiction drain.outboundOpenMax';
  assert.deepEqual(drain({ outboundOpenMin: '5s', outboundOpenMax: '10s', deadline: '10s' }), []);
  assert.deepEqual(drain({ outboundOpenMin: '11s', outboundOpenMax: '10s' }), [least]);
  assert.deepEqual(drain({ outboundOpenMax: '121s' }), [most]);
  assert.deepEqual(drain({ outboundOpenMax: '11s', deadline: '10s' }), [most]);
  assert.deepEqual(drain({ outboundOpenMin: '1s', order: 'together' }), [least]);
  assert.deepEqual(drain({ outboundOpenMax: '1s', listeners: 'keep' }), [most]);
});
