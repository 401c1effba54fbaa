// Routes of HTTP: what people write, and what is made of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../../lib/config/resolve.ts';
import type {
  HttpFilterConfig,
  HttpRouteConfig,
  HttpRuleConfig,
  ListenerConfig,
  UserConfig,
} from '../../../lib/config/user-config.ts';
import { checkConfig } from '../../../lib/config/validate.ts';
import { DesiredState } from '../../../lib/control/desired-state.ts';

const toWeb = [{ cluster: 'web' }];

function withListener(listener: Partial<ListenerConfig>): UserConfig {
  return {
    listeners: [{ address: '127.0.0.1:8080', cluster: 'web', ...listener }],
    clusters: {
      web: { endpoints: ['10.0.0.1:80'] },
      beta: { endpoints: ['10.0.0.2:80'] },
    },
  };
}

function withRules(...rules: readonly HttpRuleConfig[]): UserConfig {
  return withListener({ httpRoutes: [{ name: 'shop', rules }] });
}

/** Paths below the first rule, with their codes. */
function problems(config: UserConfig): string[] {
  return checkConfig(config)
    .map(({ path, code }) => `${path.replace('listeners[0].httpRoutes[0].rules[0].', '')} ${code}`)
    .toSorted();
}

function resolved(rule: HttpRuleConfig) {
  const [first] = resolveConfig(withRules(rule)).listeners[0]?.httpRules ?? [];
  assert.ok(first);
  return first;
}

test('without routes there is no table, and with them each rule has a name', () => {
  assert.equal(resolveConfig(withListener({})).listeners[0]?.httpRules, null);
  const routes: HttpRouteConfig[] = [
    { name: 'one', rules: [{ backendRefs: toWeb }] },
    { name: 'many', rules: [{ backendRefs: toWeb }, { name: 'b', backendRefs: toWeb }] },
  ];
  const rules = resolveConfig(withListener({ httpRoutes: routes })).listeners[0]?.httpRules;
  assert.deepEqual(
    rules?.map(({ route, name }) => [route, name]),
    [
      ['one', 'one'],
      ['many', 'many/0'],
      ['many', 'many/b'],
    ],
  );
});

test('a rule that says nothing is for all requests, and lets them go on as they came', () => {
  assert.deepEqual(resolved({ backendRefs: toWeb }), {
    route: 'shop',
    name: 'shop',
    hostnames: [],
    matches: [],
    redirect: null,
    directResponse: null,
    rewrite: null,
    fault: null,
    rateLimit: null,
    retry: null,
    timeouts: { requestMs: null, backendRequestMs: null, responseHeadMs: null },
    mirrors: [],
    backendRefs: [
      {
        cluster: 'web',
        weight: 1,
        requestHeaders: { set: [], add: [], remove: [] },
        responseHeaders: { set: [], add: [], remove: [] },
      },
    ],
  });
});

test('a mirror gets its share with the changes of the rule', () => {
  const mirror = (requestMirror: NonNullable<HttpFilterConfig['requestMirror']>) => ({
    type: 'RequestMirror' as const,
    requestMirror,
  });
  const beta = { cluster: 'beta' };
  const { mirrors } = resolved({
    filters: [
      mirror({ backendRef: beta }),
      mirror({ backendRef: beta, percent: 7, timeout: '2s' }),
      mirror({ backendRef: beta, fraction: { numerator: 3, denominator: 1_000 } }),
      mirror({ backendRef: beta, fraction: { numerator: 50 } }),
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'X-Copy', value: '1' }] },
      },
    ],
    backendRefs: toWeb,
  });
  assert.deepEqual(
    mirrors.map(({ cluster, share, timeoutMs }) => [cluster, share, timeoutMs]),
    [
      ['beta', 1_000_000, 10_000],
      ['beta', 70_000, 2_000],
      ['beta', 3_000, 10_000],
      ['beta', 500_000, 10_000],
    ],
  );
  assert.deepEqual(mirrors[0]?.requestHeaders.set, [{ name: 'x-copy', value: '1' }]);
});

test('a mirror that cannot be is told with its place', () => {
  const filter = (
    requestMirror: NonNullable<HttpFilterConfig['requestMirror']>,
    rule: Partial<HttpRuleConfig> = { backendRefs: toWeb },
  ): string[] =>
    problems(withRules({ filters: [{ type: 'RequestMirror', requestMirror }], ...rule }));
  const web = { cluster: 'web' };
  assert.deepEqual(filter({ backendRef: { cluster: 'bet' } }), [
    'filters[0].requestMirror.backendRef.cluster unknown-cluster',
  ]);
  assert.deepEqual(filter({ backendRef: web, percent: 5, fraction: { numerator: 1 } }), [
    'filters[0].requestMirror.fraction contradiction',
  ]);
  assert.deepEqual(filter({ backendRef: web, fraction: { numerator: 101 } }), [
    'filters[0].requestMirror.fraction.numerator out-of-range',
  ]);
  assert.deepEqual(filter({ backendRef: web, percent: 101 }), [
    'filters[0].requestMirror.percent out-of-range',
  ]);
  assert.deepEqual(filter({ backendRef: web }, {}), ['filters[0].type contradiction']);
});

test('everything that a person wrote is kept', () => {
  const rule = resolved({
    matches: [
      {
        path: { type: 'RegularExpression', value: '/v[0-9]+' },
        method: 'POST',
        headers: [
          { name: 'X-User', value: 'beta' },
          { type: 'RegularExpression', name: 'a', value: 'b+' },
        ],
        queryParams: [{ name: 'V', value: '1' }],
      },
      {},
    ],
    filters: [
      { type: 'RateLimit', rateLimit: { requests: 50, per: '10s', burst: 3 } },
      {
        type: 'FaultInjection',
        faultInjection: {
          delay: { duration: '20ms', share: 0.25 },
          abort: { statusCode: 500, share: 0.000001 },
        },
      },
      {
        type: 'URLRewrite',
        urlRewrite: {
          hostname: 'in.example.com',
          path: { type: 'ReplaceFullPath', replaceFullPath: '/x' },
        },
      },
    ],
    timeouts: { request: '9s', backendRequest: '3s', responseHeaders: '1s' },
    retry: {
      attempts: 3,
      codes: [503, 502, 503],
      on: ['timeout'],
      methods: 'all',
      backoff: '2ms',
      backoffMax: '7ms',
    },
    backendRefs: [
      { cluster: 'web', weight: 9 },
      { cluster: 'beta', weight: 0 },
    ],
  });
  assert.deepEqual(rule.matches, [
    {
      path: { type: 'regex', value: '/v[0-9]+' },
      method: 'POST',
      headers: [
        { name: 'x-user', value: 'beta', regex: false },
        { name: 'a', value: 'b+', regex: true },
      ],
      queryParams: [{ name: 'V', value: '1', regex: false }],
    },
    { path: { type: 'prefix', value: '/' }, method: '', headers: [], queryParams: [] },
  ]);
  assert.deepEqual(rule.rateLimit, { intervalUs: 200_000, burst: 3 });
  assert.deepEqual(rule.fault, {
    delayMs: 20,
    delayShare: 250_000,
    abortStatus: 500,
    abortShare: 1,
  });
  assert.deepEqual(rule.rewrite, {
    hostname: 'in.example.com',
    path: { prefixOnly: false, value: '/x' },
  });
  assert.deepEqual(rule.timeouts, {
    requestMs: 9_000,
    backendRequestMs: 3_000,
    responseHeadMs: 1_000,
  });
  assert.deepEqual(rule.retry, {
    attemptsMax: 3,
    statuses: [502, 503],
    onReset: false,
    onTimeout: true,
    anyMethod: true,
    backoffMinMs: 2,
    backoffMaxMs: 7,
  });
  assert.deepEqual(
    rule.backendRefs.map(({ cluster, weight }) => [cluster, weight]),
    [['web', 9]],
  );
});

test('a rule may answer by itself', () => {
  const redirect: HttpFilterConfig = {
    type: 'RequestRedirect',
    requestRedirect: {
      scheme: 'https',
      port: 8443,
      path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' },
      statusCode: 308,
    },
  };
  assert.deepEqual(resolved({ filters: [redirect] }).redirect, {
    scheme: 'https',
    hostname: '',
    port: 8443,
    path: { prefixOnly: true, value: '/new' },
    status: 308,
  });
  assert.deepEqual(resolved({ filters: [{ type: 'DirectResponse', directResponse: {} }] }), {
    ...resolved({}),
    directResponse: { status: 200, contentType: 'text/plain; charset=utf-8', body: '' },
  });
});

test('what a backend changes comes after what its rule changes', () => {
  const modifier = (name: string, value: string) => [{ name, value }];
  const { backendRefs } = resolved({
    filters: [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: {
          set: [...modifier('A', 'rule'), ...modifier('b', 'rule')],
          add: [...modifier('c', 'rule'), ...modifier('d', 'rule')],
          remove: ['E'],
        },
      },
    ],
    backendRefs: [
      {
        cluster: 'web',
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: {
              set: [...modifier('a', 'backend'), ...modifier('C', 'backend')],
              add: modifier('d', 'backend'),
              remove: ['B', 'e'],
            },
          },
        ],
      },
    ],
  });
  assert.deepEqual(backendRefs[0]?.requestHeaders, {
    set: [...modifier('a', 'backend'), ...modifier('c', 'backend')],
    add: [...modifier('d', 'rule'), ...modifier('d', 'backend')],
    remove: ['e', 'b'],
  });
});

test('a mistake is told with its place', () => {
  const cases: readonly (readonly [HttpRuleConfig, readonly string[]])[] = [
    [{ backendRefs: [{ cluster: 'wbe' }] }, ['backendRefs[0].cluster unknown-cluster']],
    [{ backendRefs: [{ cluster: 'web', weight: 0 }] }, ['backendRefs contradiction']],
    [{ matches: [{ path: { value: 'api' } }] }, ['matches[0].path.value bad-text']],
    [{ matches: [{ path: { value: '/a?b' } }] }, ['matches[0].path.value bad-text']],
    [
      { matches: [{ path: { type: 'RegularExpression', value: '(a' } }] },
      ['matches[0].path.value bad-pattern'],
    ],
    [
      { matches: [{ headers: [{ type: 'RegularExpression', name: 'a', value: '\\1' }] }] },
      ['matches[0].headers[0].value bad-pattern'],
    ],
    [
      { matches: [{ headers: [{ name: 'a b', value: '' }] }] },
      ['matches[0].headers[0].name bad-text'],
    ],
    [{ filters: [{ type: 'URLRewrite' }] }, ['filters[0].urlRewrite missing']],
    [
      { filters: [{ type: 'RateLimit', directResponse: {}, rateLimit: { requests: 1 } }] },
      ['filters[0].directResponse contradiction'],
    ],
    [
      {
        filters: [
          { type: 'DirectResponse', directResponse: {} },
          { type: 'DirectResponse', directResponse: {} },
        ],
      },
      ['filters[1].type contradiction'],
    ],
    [
      {
        filters: [
          { type: 'URLRewrite', urlRewrite: {} },
          { type: 'RequestRedirect', requestRedirect: { statusCode: 304 } },
        ],
      },
      ['filters[1].requestRedirect.statusCode out-of-range', 'filters[1].type contradiction'],
    ],
    [
      { filters: [{ type: 'DirectResponse', directResponse: {} }], backendRefs: toWeb },
      ['backendRefs contradiction'],
    ],
    [
      {
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: {
              set: [{ name: 'Content-Length', value: '0' }],
              add: [{ name: 'host', value: 'x' }],
              remove: ['Connection'],
            },
          },
        ],
      },
      [
        'filters[0].requestHeaderModifier.add[0].name contradiction',
        'filters[0].requestHeaderModifier.remove[0] contradiction',
        'filters[0].requestHeaderModifier.set[0].name contradiction',
      ],
    ],
    [
      {
        filters: [
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { set: [{ name: 'a', value: 'b\r\nc: d' }] },
          },
        ],
      },
      ['filters[0].responseHeaderModifier.set[0].value bad-text'],
    ],
    [
      {
        matches: [{ path: { type: 'Exact', value: '/a' } }],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: {
              hostname: '*.example.com',
              path: { type: 'ReplacePrefixMatch', replaceFullPath: '/' },
            },
          },
        ],
      },
      [
        'filters[0].urlRewrite.hostname bad-server-name',
        'filters[0].urlRewrite.path.replaceFullPath contradiction',
        'filters[0].urlRewrite.path.replacePrefixMatch missing',
        'filters[0].urlRewrite.path.type contradiction',
      ],
    ],
    [
      { filters: [{ type: 'FaultInjection', faultInjection: {} }] },
      ['filters[0].faultInjection empty'],
    ],
    [
      { timeouts: { request: '1s', backendRequest: '2s' } },
      ['timeouts.backendRequest contradiction'],
    ],
    [{ retry: { backoff: '2s', backoffMax: '1s' } }, ['retry.backoff contradiction']],
    [{ retry: { on: ['timeout'] } }, ['retry.on contradiction']],
    [{ retry: { codes: [200] } }, ['retry.codes[0] out-of-range']],
  ];
  for (const [rule, expected] of cases) {
    assert.deepEqual(problems(withRules(rule)), expected, JSON.stringify(rule));
  }
});

test('names are distinct, and routes are looked at', () => {
  const rules = [{ backendRefs: toWeb }];
  const paths = (listener: Partial<ListenerConfig>): string[] =>
    checkConfig(withListener(listener)).map(({ path, code }) => `${path} ${code}`);
  const twice = [
    { name: 'a', rules },
    { name: 'a', rules: [...rules, { name: 'x' }, { name: 'x' }] },
  ];
  assert.deepEqual(paths({ httpRoutes: twice }), [
    'listeners[0].httpRoutes[1].name duplicate-name',
    'listeners[0].httpRoutes[1].rules[2].name duplicate-name',
  ]);
  const contradiction = ['listeners[0].httpRoutes contradiction'];
  assert.deepEqual(paths({ httpRoutes: [{ name: 'a', rules }], protocol: 'tls' }), contradiction);
  assert.deepEqual(paths({ httpRoutes: [{ name: 'a', rules }], protocol: 'http1' }), []);
  assert.deepEqual(paths({ httpUnrouted: 'forward' }), ['listeners[0].httpUnrouted contradiction']);
});

test('rules that stay keep their revision and their ids', () => {
  const state = new DesiredState();
  const apply = (...rules: readonly HttpRuleConfig[]) => {
    state.setConfig(resolveConfig(withRules(...rules)));
    const routes = state.current().listeners[0]?.httpRoutes;
    assert.ok(routes);
    return { revision: routes.revision, ids: routes.rules.map(({ id }) => id) };
  };
  const one: HttpRuleConfig = { name: 'one', backendRefs: toWeb };
  const two: HttpRuleConfig = { name: 'two', matches: [{ method: 'GET' }], backendRefs: toWeb };
  const first = apply(one, two);
  assert.deepEqual(apply(one, two), first, 'nothing has changed');
  const swapped = apply(two, one);
  assert.notEqual(swapped.revision, first.revision);
  assert.deepEqual(swapped.ids, first.ids.toReversed());
  const id = first.ids[1] ?? 0;
  assert.deepEqual(state.route(id), {
    name: 'shop/two',
    listener: '127.0.0.1:8080',
    configured: true,
  });
  apply(one);
  assert.equal(state.route(id)?.configured, false);
  const nobody = new Set<number>();
  state.forgetAllBut({
    listenerIds: nobody,
    endpointIds: nobody,
    clusterIds: nobody,
    routeIds: new Set([id]),
  });
  assert.equal(state.route(id)?.name, 'shop/two');
  state.forgetAllBut({
    listenerIds: nobody,
    endpointIds: nobody,
    clusterIds: nobody,
    routeIds: nobody,
  });
  assert.equal(state.route(id), null);
});
