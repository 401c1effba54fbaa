// What would happen to a request, and why not something else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRuleConfig, UserConfig } from '../../../lib/config/user-config.ts';
import { explain } from '../../../lib/explain/explain.ts';

function configOf(rules: readonly HttpRuleConfig[]): UserConfig {
  return {
    listeners: [
      { name: 'plain', address: '127.0.0.1:8080', cluster: 'v1' },
      {
        name: 'web',
        address: '127.0.0.1:8081',
        cluster: 'v1',
        httpRoutes: [{ name: 'shop', hostnames: ['*.example.com'], rules }],
      },
    ],
    clusters: { v1: { endpoints: ['10.0.0.1:80'] }, v2: { endpoints: ['10.0.0.2:80'] } },
  };
}

const canary = configOf([
  {
    name: 'beta',
    matches: [{ headers: [{ name: 'x-user', value: 'beta' }] }],
    backendRefs: [{ cluster: 'v2' }],
  },
  {
    name: 'all',
    timeouts: { request: '5s' },
    retry: { codes: [503] },
    backendRefs: [
      { cluster: 'v1', weight: 90 },
      { cluster: 'v2', weight: 10 },
    ],
  },
]);

test('copies of requests are part of the answer', () => {
  const mirrored = configOf([
    {
      filters: [
        { type: 'RequestMirror', requestMirror: { backendRef: { cluster: 'v2' }, percent: 25 } },
      ],
      backendRefs: [{ cluster: 'v1' }],
    },
  ]);
  const { backends, mirrors } = explain(mirrored, { url: 'http://shop.example.com/' });
  assert.deepEqual(
    [...backends, ...mirrors].map(({ cluster, share, endpoints }) => [
      cluster,
      share,
      endpoints[0]?.address,
    ]),
    [
      ['v1', 1, '10.0.0.1:80'],
      ['v2', 0.25, '10.0.0.2:80'],
    ],
  );
  assert.deepEqual(explain(canary, { url: 'http://shop.example.com/' }).mirrors, []);
});

test('a canary can be unit-tested', () => {
  const url = 'http://shop.example.com/cart?a=b';
  const most = explain(canary, { url });
  assert.deepEqual(
    most.backends.map(({ cluster, share }) => [cluster, share]),
    [
      ['v1', 0.9],
      ['v2', 0.1],
    ],
  );
  assert.equal(most.listener, 'web', 'the first with routes');
  assert.equal(most.rule, 'shop/all');
  assert.equal(most.timeouts?.requestMs, 5_000);
  assert.deepEqual(most.retry?.statuses, [503]);
  assert.deepEqual(most.rejected, [
    {
      rule: 'shop/beta',
      match: 'host *.example.com, path prefix /, header x-user is beta',
      why: "there is no header 'x-user'",
    },
  ]);
  const beta = explain(canary, { url, headers: { 'X-User': 'beta' } });
  assert.deepEqual(
    beta.backends.map(({ cluster }) => cluster),
    ['v2'],
  );
  assert.equal(beta.rejected[0]?.why, 'fits, but shop/beta names more headers');
});

test('what leads nowhere, and what is answered here', () => {
  const url = 'http://shop.example.com/';
  assert.deepEqual(
    [{ url: 'http://else/' }, { url, listener: 'plain' }].map((request) => {
      const { action, status, backends } = explain(canary, request);
      return [action, status, backends.map(({ cluster }) => cluster)];
    }),
    [
      ['refuse', 404, []],
      ['forward', null, ['v1']],
    ],
  );
  const cases: readonly (readonly [HttpRuleConfig, string, number])[] = [
    [{}, 'refuse', 500],
    [{ filters: [{ type: 'DirectResponse', directResponse: { statusCode: 204 } }] }, 'direct', 204],
    [{ filters: [{ type: 'RequestRedirect', requestRedirect: {} }] }, 'redirect', 302],
  ];
  for (const [rule, action, status] of cases) {
    const found = explain(configOf([rule]), { url });
    assert.deepEqual([found.action, found.status], [action, status]);
  }
});

test('each kind of mismatch has its words', () => {
  const backendRefs = [{ cluster: 'v1' }];
  const rules: readonly (readonly [HttpRuleConfig, string])[] = [
    [
      { matches: [{ path: { type: 'Exact', value: '/a' } }], backendRefs },
      "the path '/b/c' is not '/a'",
    ],
    [
      { matches: [{ path: { type: 'RegularExpression', value: '/a+' } }], backendRefs },
      "the path '/b/c' does not match '/a+'",
    ],
    [{ matches: [{ method: 'POST' }], backendRefs }, 'the method is GET, not POST'],
    [
      { matches: [{ queryParams: [{ name: 'q', value: '2' }] }], backendRefs },
      "the query parameter 'q' is '1', which is not '2'",
    ],
    [
      {
        matches: [{ headers: [{ type: 'RegularExpression', name: 'h', value: '[0-9]+' }] }],
        backendRefs,
      },
      "the header 'h' is 'x,y', which does not match '[0-9]+'",
    ],
  ];
  const { rejected } = explain(configOf(rules.map(([rule]) => rule)), {
    url: 'http://a.example.com/b/c?q=1',
    headers: { h: ['x', 'y'] },
  });
  assert.deepEqual(
    rejected.map(({ why }) => why),
    rules.map(([, why]) => why),
  );
});

test('a mistake in the question is told', () => {
  assert.throws(() => explain(canary, { url: 'shop' }), TypeError);
  assert.throws(() => explain(canary, { url: 'http://a/', listener: 'x' }), /There are plain, web/);
});
