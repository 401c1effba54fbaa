// Routes of TLS, from what a person writes to what is resolved and compiled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../lib/config/resolve.ts';
import type { ListenerConfig, UserConfig } from '../../../lib/config/user-config.ts';
import { checkConfig } from '../../../lib/config/validate.ts';
import { compile } from '../../../lib/control/compile.ts';
import { DesiredState } from '../../../lib/control/desired-state.ts';

function withListener(
  listener: Partial<ListenerConfig>,
  clusters: UserConfig['clusters'] = {},
): UserConfig {
  return {
    listeners: [{ name: 'web', address: '127.0.0.1:443', cluster: 'web', ...listener }],
    clusters: {
      web: { endpoints: ['10.0.0.5:443'] },
      api: { endpoints: ['10.0.0.6:443'] },
      ...clusters,
    },
  };
}

function paths(config: UserConfig): readonly string[] {
  return checkConfig(config).map(({ path, code }) => `${path} ${code}`);
}

const toApi = [{ cluster: 'api' }];

test('without routes nothing is looked at', () => {
  const [listener] = resolveConfig(withListener({})).listeners;
  assert.deepEqual(listener?.tlsRoutes, []);
  assert.equal(listener?.tlsUnrouted, 'refuse');
});

test('names are resolved in lower case, backends with their weight, and without those of none', () => {
  const [listener] = resolveConfig(
    withListener({
      tlsUnrouted: 'forward',
      tlsRoutes: [
        { hostnames: ['API.example.com', '*.Example.com'], backendRefs: toApi },
        {
          alpn: ['h2', 'http/1.1'],
          backendRefs: [
            { cluster: 'web', weight: 90 },
            { cluster: 'api', weight: 0 },
          ],
        },
      ],
    }),
  ).listeners;
  assert.equal(listener?.tlsUnrouted, 'forward');
  assert.deepEqual(listener?.tlsRoutes, [
    {
      hostnames: ['api.example.com', '*.example.com'],
      alpn: [],
      backendRefs: [{ cluster: 'api', weight: 1 }],
    },
    {
      hostnames: [],
      alpn: ['h2', 'http/1.1'],
      backendRefs: [{ cluster: 'web', weight: 90 }],
    },
  ]);
});

test('clusters cross as their ids', () => {
  const state = new DesiredState();
  const tlsRoutes = [{ hostnames: ['a.com'], backendRefs: [{ cluster: 'api', weight: 3 }] }];
  state.setConfig(resolveConfig(withListener({ tlsRoutes })));
  const desired = state.current();
  const { listeners, clusters } = compile({ desired, revision: 1, releasedRuns: [] });
  const clusterId = clusters.find(({ name }) => name === 'api')?.id;
  assert.ok(clusterId);
  assert.deepEqual(listeners[0]?.tlsRoutes, [
    { hostnames: ['a.com'], alpn: [], backendRefs: [{ clusterId, weight: 3 }] },
  ]);
});

test('everything that is wrong is reported at once', () => {
  const tlsRoutes = [
    { hostnames: ['10.0.0.1', 'a.com', 'A.com'], backendRefs: toApi },
    { hostnames: ['*.b.com', 'a.com'], backendRefs: [{ cluster: 'apj' }] },
    { backendRefs: [{ cluster: 'api', weight: 0 }] },
    { backendRefs: toApi },
    { hostnames: [], backendRefs: [] },
  ];
  assert.deepEqual(paths(withListener({ tlsRoutes })).toSorted(), [
    'listeners[0].tlsRoutes[0].hostnames[0] bad-server-name',
    'listeners[0].tlsRoutes[0].hostnames[2] duplicate-name',
    'listeners[0].tlsRoutes[1].backendRefs[0].cluster unknown-cluster',
    'listeners[0].tlsRoutes[1].hostnames[1] duplicate-name',
    'listeners[0].tlsRoutes[2].backendRefs contradiction',
    'listeners[0].tlsRoutes[3] duplicate-name',
    'listeners[0].tlsRoutes[4].backendRefs empty',
    'listeners[0].tlsRoutes[4].hostnames empty',
  ]);
});

test('one name may have a route for each protocol and one for the rest', () => {
  const hostnames = ['a.com'];
  const routes = [
    { hostnames, backendRefs: toApi },
    { hostnames, alpn: ['h2'], backendRefs: toApi },
    { hostnames, alpn: ['http/1.1'], backendRefs: toApi },
  ];
  assert.deepEqual(paths(withListener({ tlsRoutes: routes })), []);
  const again = [...routes, { hostnames, alpn: ['h3', 'h2'], backendRefs: toApi }];
  assert.deepEqual(paths(withListener({ tlsRoutes: again })), [
    'listeners[0].tlsRoutes[3].hostnames[0] duplicate-name',
  ]);
});

test('routes need a listener that looks at TLS', () => {
  const tlsRoutes = [{ backendRefs: toApi }];
  const contradiction = ['listeners[0].tlsRoutes contradiction'];
  assert.deepEqual(paths(withListener({ tlsRoutes, protocol: 'opaque' })), contradiction);
  assert.deepEqual(paths(withListener({ tlsRoutes, protocol: 'tls' })), []);
  const hinted = { web: { endpoints: ['10.0.0.5:443'], protocol: 'opaque' } } as const;
  assert.deepEqual(paths(withListener({ tlsRoutes }, hinted)), contradiction);
  assert.deepEqual(paths(withListener({ tlsUnrouted: 'forward' })), [
    'listeners[0].tlsUnrouted contradiction',
  ]);
});

test('a route that leads back to its listener is a loop', () => {
  const self = { self: { endpoints: ['127.0.0.1:443'] } };
  const tlsRoutes = [{ backendRefs: [{ cluster: 'self' }] }];
  assert.deepEqual(paths(withListener({ tlsRoutes }, self)), ['clusters.self.endpoints[0] loop']);
});

test('a cluster that only routes of inbound listeners use is the workload itself', () => {
  const tlsRoutes = [{ backendRefs: toApi }];
  const config = resolveConfig(withListener({ tlsRoutes, direction: 'inbound' }));
  assert.deepEqual(
    config.clusters.map(({ connectTimeoutMs }) => connectTimeoutMs),
    [300, 300],
  );
});
