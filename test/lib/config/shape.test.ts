import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkConfig } from '../../../lib/config/validate.ts';
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

test('a minimal configuration is valid', () => {
  assert.deepEqual(problems(sample()), []);
});

test('every key at once is valid, and undefined is the same as absent', () => {
  const keepalive = { idle: '30s', interval: '5s', probes: 3 };
  const everything = {
    workers: 2,
    listeners: [
      {
        name: 'web',
        address: '[::]:8080',
        cluster: 'web',
        direction: 'inbound',
        protocol: 'opaque',
        connectionsMax: 1000,
        idleTimeout: '30m',
        keepalive,
        userTimeout: null,
        backlog: 128,
        ipv6Only: true,
        unixMode: undefined,
        accessLog: true,
      },
      listener({
        address: 'unix:/run/weft.sock',
        unixMode: '600',
        keepalive: null,
        idleTimeout: null,
      }),
    ],
    clusters: {
      web: {
        endpoints: ['10.0.0.5:80', { address: 'unix:/run/x.sock', weight: 2 }],
        balancer: { type: 'p2cEwma', rttDefault: '30ms', decay: '10s' },
        connectTimeout: '2s',
        connectAttemptsMax: 2,
        ejection: { baseTime: '100ms', maxTime: '5s' },
        keepalive,
        userTimeout: '30s',
      },
      'team-a/cache.v2': cluster({ balancer: 'random' }),
    },
    limits: {
      connectionsMax: 5000,
      bufferedBytesMax: '64MiB',
      pipeCountMax: 0,
      pipeBytes: '64KiB',
    },
    admin: { address: '127.0.0.1:9000', shutdown: true },
    log: { level: 'debug', format: 'json', accessLog: true },
    drain: { deadline: '0s', listeners: 'keep' },
  };
  assert.deepEqual(problems(everything), []);
  assert.deepEqual(problems(sample({ admin: null, log: undefined })), []);
});

test('what is not an object at all is one problem', () => {
  for (const input of [null, undefined, 5, 'x', [], () => ({}), new Map(), new Date()]) {
    assert.deepEqual(problems(input), ['wrong-type configuration'], String(input));
  }
});

test('all problems are reported together, each at its path', () => {
  const found = problems({
    workers: 0,
    listener: [],
    listeners: [{ adress: ':80', cluster: 5 }, listener({ cluster: 'wep', backlog: '5' })],
    clusters: { web: cluster({ balancer: 'p2cewma', connectTimeout: 5 }), 'b b': cluster() },
    limits: { bufferedBytesMax: '1GB' },
  });
  assert.deepEqual(found.sort(), [
    'bad-name clusters["b b"]',
    'bad-size limits.bufferedBytesMax',
    'missing listeners[0].address',
    'out-of-range workers',
    'unknown-cluster listeners[1].cluster',
    'unknown-key listener',
    'unknown-key listeners[0].adress',
    'unknown-word clusters.web.balancer',
    'wrong-type clusters.web.connectTimeout',
    'wrong-type listeners[0].cluster',
    'wrong-type listeners[1].backlog',
  ]);
});

test('an unknown key is told with the nearest right one, or with all of them', () => {
  assert.deepEqual(problems(withListener({ adress: 'x' })), ['unknown-key listeners[0].adress']);
  assert.match(hints(withListener({ adress: 'x' })), /'address'/);
  assert.match(hints(withListener({ timeout: '5s' })), /'idleTimeout'|'userTimeout'/);
  assert.match(hints(withCluster({ tls: {} })), /endpoints, destinations, balancer/);
});

test('keys that every object has by inheritance are unknown, too', () => {
  for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const text = JSON.stringify(sample()).replace('{', `{"${key}": 1,`);
    assert.deepEqual(problems(JSON.parse(text)), [`unknown-key ${key}`]);
    const clusters = JSON.parse(`{"web": {"endpoints": ["10.0.0.5:80"]}, "${key}": 1}`);
    assert.equal(problems(sample({ clusters })).length, 1, key);
  }
});

test('a missing key is told with an example that is valid', () => {
  assert.deepEqual(problems({}), ['missing listeners']);
  assert.deepEqual(problems(sample({ listeners: [{}] })), [
    'missing listeners[0].address',
    'missing listeners[0].cluster',
  ]);
  assert.deepEqual(problems(sample({ clusters: { web: {} } })), ['missing clusters.web.endpoints']);
  assert.deepEqual(problems(withCluster({ endpoints: [{ weight: 2 }] })), [
    'missing clusters.web.endpoints[0].address',
  ]);
  assert.deepEqual(problems(withCluster({ balancer: {} })), ['missing clusters.web.balancer.type']);
});

test('empty lists and maps are problems', () => {
  assert.deepEqual(problems(sample({ listeners: [] })), ['empty listeners']);
  assert.deepEqual(problems({ listeners: [listener()], clusters: {} }).sort(), [
    'empty clusters',
    'unknown-cluster listeners[0].cluster',
  ]);
  assert.deepEqual(problems(withCluster({ endpoints: [] })), ['empty clusters.web.endpoints']);
});

test('null is a problem where it has no meaning', () => {
  assert.deepEqual(problems(sample({ workers: null })), ['wrong-type workers']);
  assert.deepEqual(problems(withListener({ address: null })), ['wrong-type listeners[0].address']);
  assert.deepEqual(problems(withCluster({ connectTimeout: null })), [
    'wrong-type clusters.web.connectTimeout',
  ]);
});

test('values of a wrong type are problems, with the right spelling where it is clear', () => {
  const wrong: [unknown, string, RegExp | null][] = [
    [withListener({ address: 8080 }), 'listeners[0].address', /'127\.0\.0\.1:8080'/],
    [withListener({ idleTimeout: 5000 }), 'listeners[0].idleTimeout', /'5s'/],
    [withListener({ backlog: '128' }), 'listeners[0].backlog', /quotes/],
    [withListener({ ipv6Only: 'true' }), 'listeners[0].ipv6Only', /quotes/],
    [withListener({ name: 7 }), 'listeners[0].name', null],
    [withListener({ keepalive: true }), 'listeners[0].keepalive', null],
    [withListener({ direction: true }), 'listeners[0].direction', null],
    [sample({ limits: { pipeBytes: 65_536 } }), 'limits.pipeBytes', /'64KiB'/],
    [withCluster({ endpoints: '10.0.0.5:80' }), 'clusters.web.endpoints', /\[ \]/],
    [withCluster({ endpoints: [8080] }), 'clusters.web.endpoints[0]', null],
    [sample({ clusters: [cluster()] }), 'clusters', null],
    [sample({ listeners: { web: listener() } }), 'listeners', null],
    [sample({ listeners: [null] }), 'listeners[0]', null],
    [sample({ log: { level: 30 } }), 'log.level', null],
    [sample({ workers: 'many' }), 'workers', null],
  ];
  for (const [input, path, hint] of wrong) {
    assert.ok(problems(input).includes(`wrong-type ${path}`), `${path}: ${problems(input)}`);
    assert.match(hints(input), hint ?? /^/, path);
  }
  const socket = (unixMode: unknown) => withListener({ address: 'unix:/run/a.sock', unixMode });
  assert.deepEqual(problems(socket(0o660)), ['wrong-type listeners[0].unixMode']);
  assert.match(hints(socket(0o660)), /'0660'/);
});

test('numbers outside their range are problems', () => {
  for (const [input, path] of [
    [sample({ workers: 0 }), 'workers'],
    [sample({ workers: 257 }), 'workers'],
    [sample({ workers: 1.5 }), 'workers'],
    [sample({ workers: Number.NaN }), 'workers'],
    [withListener({ connectionsMax: 0 }), 'listeners[0].connectionsMax'],
    [withListener({ backlog: 65_536 }), 'listeners[0].backlog'],
    [withListener({ idleTimeout: '5ms' }), 'listeners[0].idleTimeout'],
    [withListener({ idleTimeout: '577h' }), 'listeners[0].idleTimeout'],
    [withListener({ userTimeout: '999ms' }), 'listeners[0].userTimeout'],
    [withListener({ keepalive: { idle: '500ms' } }), 'listeners[0].keepalive.idle'],
    [withListener({ keepalive: { interval: '1s500ms' } }), 'listeners[0].keepalive.interval'],
    [withListener({ keepalive: { interval: '10h' } }), 'listeners[0].keepalive.interval'],
    [withListener({ keepalive: { probes: 128 } }), 'listeners[0].keepalive.probes'],
    [withCluster({ connectTimeout: '0s' }), 'clusters.web.connectTimeout'],
    [withCluster({ connectAttemptsMax: 0 }), 'clusters.web.connectAttemptsMax'],
    [
      withCluster({ endpoints: [{ address: '1.1.1.1:1', weight: 0 }] }),
      'clusters.web.endpoints[0].weight',
    ],
    [sample({ limits: { pipeBytes: '4KiB' } }), 'limits.pipeBytes'],
    [sample({ limits: { bufferedBytesMax: '2TiB' } }), 'limits.bufferedBytesMax'],
    [sample({ limits: { pipeCountMax: -1 } }), 'limits.pipeCountMax'],
  ] as const) {
    assert.deepEqual(problems(input), [`out-of-range ${path}`]);
  }
});

function accessLog(change: Json): Json {
  return sample({ log: { accessLog: change } });
}

test('mistakes about the access log are told with what was meant', () => {
  assert.match(hints(accessLog({ format: '{endpoin}' })), /Did you mean \{endpoint\}\?/);
  assert.match(hints(accessLog({ format: 'jsn' })), /Did you mean 'json'\?/);
  assert.match(hints(accessLog({ to: 'stdot' })), /Did you mean 'stdout'\?/);
  assert.match(hints(accessLog({ sample: '10%' })), /Write 0\.1\./);
  assert.match(hints(accessLog({ sample: 10 })), /Write 0\.1 for 10 %\./);
});

test('texts outside their grammar are problems of their own kind', () => {
  for (const [input, problem] of [
    [withListener({ idleTimeout: '5 minutes' }), 'bad-duration listeners[0].idleTimeout'],
    [sample({ limits: { pipeBytes: '1MB' } }), 'bad-size limits.pipeBytes'],
    [withListener({ address: ':80' }), 'bad-address listeners[0].address'],
    [withListener({ address: 'example.com:80' }), 'host-name listeners[0].address'],
    [withCluster({ endpoints: ['db..x:5432'] }), 'bad-address clusters.web.endpoints[0]'],
    [withCluster({ endpoints: ['db:0'] }), 'bad-address clusters.web.endpoints[0]'],
    [sample({ dns: { servers: ['ns.test'] } }), 'bad-address dns.servers[0]'],
    [sample({ dns: { servers: ['10.0.0.53:0'] } }), 'bad-address dns.servers[0]'],
    [sample({ dns: { servers: ['unix:/run/dns'] } }), 'bad-address dns.servers[0]'],
    [sample({ dns: { servers: [53] } }), 'wrong-type dns.servers[0]'],
    [sample({ dns: { family: 'ipv5' } }), 'unknown-word dns.family'],
    [accessLog({ to: 'access.log' }), 'bad-path log.accessLog.to'],
    [accessLog({ to: '/var/log/' }), 'bad-path log.accessLog.to'],
    [accessLog({ to: 3 }), 'wrong-type log.accessLog.to'],
    [accessLog({ format: '{endpoin}' }), 'bad-template log.accessLog.format'],
    [accessLog({ format: 'jsn' }), 'bad-template log.accessLog.format'],
    [accessLog({ format: ['{errno}'] }), 'wrong-type log.accessLog.format'],
    [accessLog({ sample: 1.5 }), 'out-of-range log.accessLog.sample'],
    [accessLog({ sample: Number.NaN }), 'out-of-range log.accessLog.sample'],
    [accessLog({ sample: '10%' }), 'wrong-type log.accessLog.sample'],
    [accessLog({ smaple: 1 }), 'unknown-key log.accessLog.smaple'],
    [withCluster({ endpoints: ['10.0.0.5:0'] }), 'bad-address clusters.web.endpoints[0]'],
    [withListener({ name: 'a b' }), 'bad-name listeners[0].name'],
    [withListener({ name: '' }), 'bad-name listeners[0].name'],
    [withListener({ name: 'x'.repeat(129) }), 'bad-name listeners[0].name'],
    [withListener({ direction: 'ingress' }), 'unknown-word listeners[0].direction'],
    [sample({ drain: { listeners: 'closed' } }), 'unknown-word drain.listeners'],
    [sample({ admin: { address: 'admin' } }), 'bad-address admin.address'],
  ] as const) {
    assert.deepEqual(problems(input), [problem]);
  }
  const socket = (unixMode: unknown) => withListener({ address: 'unix:/run/a.sock', unixMode });
  for (const mode of ['rw-rw----', '0888', '66', '01660']) {
    assert.deepEqual(problems(socket(mode)), ['bad-mode listeners[0].unixMode']);
  }
  assert.match(hints(sample({ drain: { listeners: 'closed' } })), /'close'/);
});

test('a message shows the value shortened and on one line', () => {
  const [issue] = checkConfig(withListener({ direction: `a\n"${'x'.repeat(500)}` }));
  assert.ok(issue?.got !== null && issue !== undefined);
  assert.ok(issue.got.length < 80 && !issue.got.includes('\n'), issue.got);
});

test('a value that contains itself is a problem, not an endless walk', () => {
  const cyclic: Record<string, unknown> = sample();
  cyclic['clusters'] = cyclic;
  assert.ok(problems(cyclic).length > 0);
});

test('whatever the value, checking it ends without an exception and changes nothing', () => {
  const keys = fc.constantFrom(
    'listeners',
    'clusters',
    'address',
    'endpoints',
    'keepalive',
    'web',
    'x',
  );
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.double());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(keys, tie('value')),
    ),
  }));
  fc.assert(
    fc.property(value, value, (first, second) => {
      const input = { listeners: first, clusters: second, limits: first, admin: second };
      const before = JSON.stringify(input);
      assert.ok(checkConfig(input).length > 0);
      assert.equal(JSON.stringify(input), before);
    }),
  );
});

test('a share is a number with two decimal places at most', () => {
  const found = (loadBound: unknown) =>
    problems(withCluster({ balancer: { type: 'maglev', loadBound } }));
  const path = 'clusters.web.balancer.loadBound';
  for (const good of [1, 1.25, 1.29, 4.35, 100]) {
    assert.deepEqual(found(good), []);
  }
  for (const bad of [0.99, 100.01, Number.NaN, Number.POSITIVE_INFINITY, 1.255]) {
    assert.deepEqual(found(bad), [`out-of-range ${path}`]);
  }
  assert.deepEqual(found('1.25'), [`wrong-type ${path}`]);
  assert.match(hints(withCluster({ balancer: { type: 'maglev', loadBound: '1.25' } })), /quotes/);
  assert.match(hints(withCluster({ balancer: { type: 'maglev', loadBound: 1.256 } })), /1\.26/);
});

test('a balancer, a zone or a window that is misspelt gets the nearest word', () => {
  assert.match(hints(withCluster({ balancer: 'ringhash' })), /'ringHash'/);
  assert.match(hints(withCluster({ balancer: { type: 'maglev', loadBond: 2 } })), /'loadBound'/);
  assert.match(hints(withCluster({ slowstart: '5s' })), /'slowStart'/);
  assert.match(hints(withCluster({ zonePreferences: {} })), /'zonePreference'/);
  assert.match(hints(sample({ zones: 'a' })), /'zone'/);
});
