import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration } from '../../../lib/base/duration.ts';
import { ConfigError } from '../../../lib/base/errors.ts';
import { formatSize } from '../../../lib/base/size.ts';
import { resolveConfig } from '../../../lib/config/resolve.ts';
import { cluster, listener, sample, withCluster, withListener } from './support.ts';

test('a minimal configuration gets every default', () => {
  assert.deepEqual(resolveConfig(sample()), {
    workerCount: null,
    zone: null,
    listeners: [
      {
        name: '127.0.0.1:8080',
        direction: 'outbound',
        address: '127.0.0.1:8080',
        ipv6Only: false,
        unixMode: null,
        backlogCount: 4096,
        protocol: 'detect',
        portProtocols: [],
        serverFirstAfterMs: 20,
        detectTimeoutMs: 10_000,
        tlsRoutes: [],
        tlsUnrouted: 'refuse',
        httpRules: null,
        httpUnrouted: 'refuse',
        proxyProtocol: null,
        http: {
          headBytesMax: 65_536,
          headFieldsMax: 128,
          headTimeoutMs: 10_000,
          errorHeader: true,
          forwarded: null,
          via: '',
          requestId: '',
        },
        cluster: 'web',
        transparent: false,
        workloadAddress: 'original',
        connectionsMax: 100_000,
        idleTimeoutMs: 3_600_000,
        keepalive: { idleMs: 60_000, intervalMs: 10_000, probesMax: 6 },
        userTimeoutMs: null,
        accessLog: false,
      },
    ],
    clusters: [
      {
        name: 'web',
        protocol: null,
        balancer: { type: 'p2cEwma', rttDefaultMs: 30, decayMs: 10_000, slowStart: null },
        zonePreference: null,
        ownZone: null,
        connectTimeoutMs: 1_000,
        connectAttemptsMax: 3,
        proxyProtocol: null,
        ejection: {
          consecutiveFailures: 1,
          earlyCloseMs: null,
          consecutiveEarlyCloses: 5,
          consecutiveServerErrors: null,
          successPercentMin: null,
          successRequestsMin: 20,
          successWindowMs: 10_000,
          baseTimeMs: 500,
          maxTimeMs: 10_000,
          sharePercentMax: 50,
          panicPercent: 0,
        },
        healthCheck: null,
        http: {
          idleTimeoutMs: 3_000,
          idleMax: 10_000,
          ageMaxMs: null,
          queueMax: 1_024,
          queueTimeoutMs: 1_000,
        },
        failFastAfterMs: 3_000,
        connectionsMax: null,
        pendingMax: null,
        endpointConnectionsMax: null,
        keepalive: { idleMs: 60_000, intervalMs: 10_000, probesMax: 6 },
        userTimeoutMs: null,
        originalDst: false,
        destinations: [],
        endpoints: [{ address: '10.0.0.5:80', weight: 1, zone: null }],
      },
    ],
    dns: {
      servers: null,
      family: 'all',
      ttlMinMs: 5_000,
      ttlMaxMs: 3_600_000,
      negativeTtlMs: 10_000,
      timeoutMs: 5_000,
      lookupsMax: 16,
      recordsMax: 1_000,
    },
    limits: {
      connectionsMax: 100_000,
      requestsMax: 100_000,
      mirrorsMax: 256,
      bufferedBytesMax: 268_435_456,
      pipeCountMax: 16,
      pipeBytes: 1_048_576,
    },
    admin: { address: '127.0.0.1:4191', shutdown: false },
    metrics: { expireAfterMs: 600_000 },
    log: {
      level: 'info',
      format: 'auto',
      accessLog: {
        path: null,
        template: null,
        requestTemplate: null,
        lines: 'all',
        sample: 1,
      },
    },
    drain: {
      deadlineMs: 120_000,
      listeners: 'close',
      order: 'inboundFirst',
      outboundOpenMinMs: 0,
      outboundOpenMaxMs: 108_000,
    },
  });
});

test('the result is frozen at every depth, and resolving does not change what was given', () => {
  const input = sample();
  const before = structuredClone(input);
  const config = resolveConfig(input);
  assert.deepEqual(input, before);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.listeners[0]?.keepalive));
  assert.ok(Object.isFrozen(config.clusters[0]?.endpoints[0]) && !Object.isFrozen(input));
});

test('everything that a person wrote is kept', () => {
  const config = resolveConfig(
    sample({
      workers: 3,
      zone: 'eu-1a',
      listeners: [
        listener({
          name: 'web',
          address: '[0:0::0]:080',
          direction: 'inbound',
          ipv6Only: true,
          protocol: 'tls',
          portProtocols: [
            { ports: '80', protocol: 'opaque' },
            { ports: '8000-8100', protocol: 'grpc' },
          ],
          serverFirstAfter: null,
          detectTimeout: '3s',
          tlsRoutes: [
            { hostnames: ['*.a.com'], alpn: ['h2'], backendRefs: [{ cluster: 'web', weight: 2 }] },
          ],
          tlsUnrouted: 'forward',
          proxyProtocol: { from: ['10.1.0.0/16'], timeout: '6s', required: false },
          http: {
            headBytesMax: '2KiB',
            headFieldsMax: 20,
            headTimeout: '21s',
            errorHeader: false,
            forwarded: { headers: ['forwarded'], from: ['10.2.0.0/16'] },
            via: 'weft',
            requestId: 'X-Request-Id',
          },
          backlog: 7,
          connectionsMax: 9,
          idleTimeout: '1h30m',
          keepalive: { idle: '2s', interval: '3s', probes: 4 },
          userTimeout: '5s',
          accessLog: true,
        }),
      ],
      clusters: {
        web: cluster({
          endpoints: [
            'localhost:80',
            { address: 'unix:/run/x.sock', weight: 2, zone: 'eu-1b' },
            { address: 'Db.test:5', zone: null },
          ],
          balancer: 'leastConnections',
          slowStart: { window: '30s', minShare: 0.25 },
          zone: 'eu-1a',
          zonePreference: { minUsableShare: 0.29, minUsableCount: 2 },
          protocol: 'http2',
          connectTimeout: '7ms',
          connectAttemptsMax: 8,
          proxyProtocol: 'v2',
          ejection: {
            consecutiveFailures: 2,
            earlyClose: '12ms',
            consecutiveEarlyCloses: 3,
            consecutiveServerErrors: 4,
            minSuccessRate: 0.29,
            minRequests: 6,
            successWindow: '5s',
            baseTime: '9ms',
            maxTime: '10ms',
            maxShare: 0.4,
            panicThreshold: 0.3,
          },
          healthCheck: {
            type: 'http',
            interval: '16s',
            timeout: '17ms',
            consecutiveFailures: 18,
            consecutiveSuccesses: 19,
            path: '/health',
            host: 'a.com',
          },
          http: {
            idleTimeout: '22ms',
            idleMax: 23,
            ageMax: '24s',
            queueMax: 25,
            queueTimeout: '26ms',
          },
          failFastAfter: null,
          connectionsMax: 13,
          pendingMax: 14,
          endpointConnectionsMax: 15,
          keepalive: null,
          userTimeout: '11s',
        }),
      },
      dns: {
        servers: ['10.0.0.53', 'fd00::53', '127.0.0.1:5353'],
        family: 'ipv6',
        ttlMin: '1s',
        ttlMax: '1h1s',
        negativeTtl: '3s',
        timeout: '4s',
        lookupsMax: 5,
        recordsMax: 6,
      },
      limits: {
        connectionsMax: 12,
        requestsMax: 14,
        mirrorsMax: 15,
        bufferedBytesMax: '13MiB',
        pipeCountMax: 14,
        pipeBytes: '128KiB',
      },
      admin: { address: '[::1]:4191', shutdown: true },
      metrics: { expireAfter: '30s' },
      log: {
        level: 'silent',
        format: 'pretty',
        accessLog: {
          to: '/var/log/a',
          format: '{errno}',
          requestFormat: '{path}',
          lines: 'requests',
          sample: 0.25,
          enabled: false,
        },
      },
      drain: { deadline: '15s', listeners: 'keep' },
    }),
  );
  assert.deepEqual(config, {
    workerCount: 3,
    zone: 'eu-1a',
    listeners: [
      {
        name: 'web',
        direction: 'inbound',
        address: '[::]:80',
        ipv6Only: true,
        unixMode: null,
        backlogCount: 7,
        protocol: 'tls',
        portProtocols: [
          { firstPort: 80, lastPort: 80, protocol: 'opaque' },
          { firstPort: 8000, lastPort: 8100, protocol: 'grpc' },
        ],
        serverFirstAfterMs: null,
        detectTimeoutMs: 3_000,
        tlsRoutes: [
          { hostnames: ['*.a.com'], alpn: ['h2'], backendRefs: [{ cluster: 'web', weight: 2 }] },
        ],
        tlsUnrouted: 'forward',
        httpRules: null,
        httpUnrouted: 'refuse',
        proxyProtocol: {
          from: [{ address: '10.1.0.0:0', prefixBits: 16 }],
          timeoutMs: 6_000,
          required: false,
        },
        http: {
          headBytesMax: 2_048,
          headFieldsMax: 20,
          headTimeoutMs: 21_000,
          errorHeader: false,
          forwarded: {
            xForwarded: false,
            forwarded: true,
            from: [{ address: '10.2.0.0:0', prefixBits: 16 }],
          },
          via: 'weft',
          requestId: 'x-request-id',
        },
        cluster: 'web',
        transparent: false,
        workloadAddress: 'original',
        connectionsMax: 9,
        idleTimeoutMs: 5_400_000,
        keepalive: { idleMs: 2_000, intervalMs: 3_000, probesMax: 4 },
        userTimeoutMs: 5_000,
        accessLog: true,
      },
    ],
    clusters: [
      {
        name: 'web',
        protocol: 'http2',
        balancer: {
          type: 'leastConnections',
          slowStart: { windowMs: 30_000, minSharePercent: 25 },
        },
        zonePreference: { usableSharePercentMin: 29, usableCountMin: 2 },
        ownZone: 'eu-1a',
        connectTimeoutMs: 7,
        connectAttemptsMax: 8,
        proxyProtocol: 'v2',
        ejection: {
          consecutiveFailures: 2,
          earlyCloseMs: 12,
          consecutiveEarlyCloses: 3,
          consecutiveServerErrors: 4,
          successPercentMin: 29,
          successRequestsMin: 6,
          successWindowMs: 5_000,
          baseTimeMs: 9,
          maxTimeMs: 10,
          sharePercentMax: 40,
          panicPercent: 30,
        },
        healthCheck: {
          type: 'http',
          intervalMs: 16_000,
          timeoutMs: 17,
          consecutiveFailures: 18,
          consecutiveSuccesses: 19,
          path: '/health',
          host: 'a.com',
        },
        http: {
          idleTimeoutMs: 22,
          idleMax: 23,
          ageMaxMs: 24_000,
          queueMax: 25,
          queueTimeoutMs: 26,
        },
        failFastAfterMs: null,
        connectionsMax: 13,
        pendingMax: 14,
        endpointConnectionsMax: 15,
        keepalive: null,
        userTimeoutMs: 11_000,
        originalDst: false,
        destinations: [],
        endpoints: [
          { address: '127.0.0.1:80', weight: 1, zone: 'eu-1a' },
          { address: 'unix:/run/x.sock', weight: 2, zone: 'eu-1b' },
          { address: 'db.test:5', weight: 1, zone: null },
        ],
      },
    ],
    dns: {
      servers: ['10.0.0.53:53', '[fd00::53]:53', '127.0.0.1:5353'],
      family: 'ipv6',
      ttlMinMs: 1_000,
      ttlMaxMs: 3_601_000,
      negativeTtlMs: 3_000,
      timeoutMs: 4_000,
      lookupsMax: 5,
      recordsMax: 6,
    },
    limits: {
      connectionsMax: 12,
      requestsMax: 14,
      mirrorsMax: 15,
      bufferedBytesMax: 13_631_488,
      pipeCountMax: 14,
      pipeBytes: 131_072,
    },
    admin: { address: '[::1]:4191', shutdown: true },
    metrics: { expireAfterMs: 30_000 },
    log: {
      level: 'silent',
      format: 'pretty',
      accessLog: {
        path: '/var/log/a',
        template: '{errno}',
        requestTemplate: '{path}',
        lines: 'requests',
        sample: 0.25,
      },
    },
    drain: {
      deadlineMs: 15_000,
      listeners: 'keep',
      order: 'inboundFirst',
      outboundOpenMinMs: 0,
      outboundOpenMaxMs: 13_500,
    },
  });
});

test('a cluster that only inbound listeners use has the shorter connect timeout', () => {
  const timeout = (...directions: string[]) =>
    resolveConfig(
      sample({
        listeners: directions.map((direction, index) =>
          listener({ address: `127.0.0.1:${8080 + index}`, direction }),
        ),
      }),
    ).clusters[0]?.connectTimeoutMs;
  assert.equal(timeout('inbound'), 300);
  assert.equal(timeout('inbound', 'outbound'), 1_000);
  assert.equal(timeout('outbound'), 1_000);
  const unused = sample({ clusters: { web: cluster(), spare: cluster() } });
  assert.equal(resolveConfig(unused).clusters[1]?.connectTimeoutMs, 1_000);
});

test('defaults follow what is given beside them', () => {
  const ttls = (dns: object): unknown => {
    const { ttlMinMs, ttlMaxMs } = resolveConfig(sample({ dns })).dns;
    return [ttlMinMs, ttlMaxMs];
  };
  assert.deepEqual(ttls({ ttlMin: '2h' }), [7_200_000, 7_200_000]);
  assert.deepEqual(ttls({ ttlMax: '2s' }), [2_000, 2_000]);
  const ejection = (parts: object | null) =>
    resolveConfig(withCluster({ ejection: parts })).clusters[0]?.ejection;
  assert.equal(ejection({ baseTime: '1m' })?.maxTimeMs, 60_000);
  assert.equal(ejection({ maxTime: '10ms' })?.baseTimeMs, 10);
  assert.equal(ejection(null), null);
  const limited = resolveConfig(sample({ limits: { connectionsMax: 50 } }));
  assert.equal(limited.listeners[0]?.connectionsMax, 50);
  const logged = {
    log: { accessLog: true },
    listeners: [listener(), listener({ address: '1.1.1.1:1', accessLog: false })],
  };
  assert.deepEqual(
    resolveConfig(sample(logged)).listeners.map(({ accessLog }) => accessLog),
    [true, false],
  );
});

test('a unix socket has permission bits, other addresses have none', () => {
  const mode = (change: object) =>
    resolveConfig(withListener({ address: 'unix:/run/a.sock', ...change })).listeners[0]?.unixMode;
  assert.equal(mode({}), 0o660);
  assert.equal(mode({ unixMode: '0600' }), 0o600);
  assert.equal(mode({ unixMode: '777' }), 0o777);
});

test('null turns off what it may turn off', () => {
  const config = resolveConfig(
    sample({
      admin: null,
      listeners: [listener({ idleTimeout: null, keepalive: null, userTimeout: null })],
    }),
  );
  const [first] = config.listeners;
  assert.deepEqual(
    [config.admin, first?.idleTimeoutMs, first?.keepalive, first?.userTimeoutMs],
    [null, null, null, null],
  );
});

test('a bad configuration is one error with all issues', () => {
  assert.throws(
    () => resolveConfig({ workers: 0 }, 'weft.config.ts'),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.code, 'ERR_CONFIG_INVALID');
      assert.equal(error.path, 'weft.config.ts');
      assert.equal(error.issues.length, 2);
      assert.equal(error.message.split('\n').length, 3);
      return true;
    },
  );
});

test('durations and sizes arrive as the numbers that they stand for', () => {
  const durations = fc.integer({ min: 10, max: 2_000_000_000 });
  const sizes = fc.integer({ min: 1_048_576, max: 1_099_511_627_776 });
  fc.assert(
    fc.property(durations, sizes, (ms, bytes) => {
      const config = resolveConfig(
        sample({
          listeners: [listener({ idleTimeout: formatDuration(ms) })],
          limits: { bufferedBytesMax: formatSize(bytes) },
        }),
      );
      assert.equal(config.listeners[0]?.idleTimeoutMs, ms);
      assert.equal(config.limits.bufferedBytesMax, bytes);
    }),
  );
});

test('balancers that hash have a load bound, the others a slow start', () => {
  const balancer = (change: Record<string, unknown>) =>
    resolveConfig(withCluster(change)).clusters[0]?.balancer;
  assert.deepEqual(balancer({ balancer: 'maglev' }), {
    type: 'maglev',
    loadBoundPercent: null,
    key: { type: 'source', name: '', cookieMaxAgeMs: null },
  });
  assert.deepEqual(balancer({ balancer: { type: 'ringHash', loadBound: 1.25, key: 'path' } }), {
    type: 'ringHash',
    loadBoundPercent: 125,
    key: { type: 'path', name: '', cookieMaxAgeMs: null },
  });
  const key = { from: 'cookie', name: 'Id', maxAge: '1h' };
  assert.deepEqual(balancer({ balancer: { type: 'ringHash', loadBound: null, key } }), {
    type: 'ringHash',
    loadBoundPercent: null,
    key: { type: 'cookie', name: 'Id', cookieMaxAgeMs: 3_600_000 },
  });
  const slowStart = { windowMs: 30_000, minSharePercent: 10 };
  for (const type of ['roundRobin', 'random', 'leastConnections']) {
    assert.deepEqual(balancer({ balancer: type, slowStart: '30s' }), { type, slowStart });
  }
  assert.deepEqual(balancer({ balancer: 'random', slowStart: null }), {
    type: 'random',
    slowStart: null,
  });
});

test('the own zone is preferred wherever the proxy knows it, unless that is turned off', () => {
  const preferred = (zone: string | null, change: Record<string, unknown> = {}) => {
    const [resolved] = resolveConfig({ ...withCluster(change), zone }).clusters;
    return [resolved?.ownZone, resolved?.zonePreference];
  };
  assert.deepEqual(preferred('a'), ['a', { usableSharePercentMin: 70, usableCountMin: 1 }]);
  assert.deepEqual(preferred('a', { zonePreference: null }), [null, null]);
  assert.deepEqual(preferred(null), [null, null]);
});
