// The conformance cases of HTTPRoute of the Kubernetes Gateway API by their names (kubernetes-sigs/gateway-api,
// conformance/tests): what each asks and expects, put to the native router and to explain(); where else a case is
// proved; or why it has no meaning for a sidecar whose routes are not resources of Kubernetes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resolveConfig } from '../../lib/config/resolve.ts';
import type {
  HttpMatchConfig,
  HttpRouteConfig,
  HttpRuleConfig,
} from '../../lib/config/user-config.ts';
import { compileRules } from '../../lib/control/compile-routes.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';
import { type ExplainedRequest, explain, routeRequest } from '../../lib/explain/explain.ts';

const addon = loadAddon();

interface Wanted {
  readonly path?: string;
  readonly exact?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** A request and the backend that answers it; `null`: 404. */
type Expected = readonly [
  url: string,
  backend: string | null,
  parts?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> },
];

type Case =
  | { readonly routes: readonly HttpRouteConfig[]; readonly expected: readonly Expected[] }
  /** A test with that title proves it. */
  | { readonly file: string; readonly title: string }
  | { readonly notApplicable: string };

function to(cluster: string, ...wanted: readonly Wanted[]): HttpRuleConfig {
  const values = (pairs: Readonly<Record<string, string>> = {}) =>
    Object.entries(pairs).map(([name, value]) => ({ name, value }));
  const matches = wanted.map(({ path, exact, method, headers, query }): HttpMatchConfig => {
    return {
      ...(path === undefined ? {} : { path: { value: path } }),
      ...(exact === undefined ? {} : { path: { type: 'Exact', value: exact } }),
      ...(method === undefined ? {} : { method }),
      ...(headers === undefined ? {} : { headers: values(headers) }),
      ...(query === undefined ? {} : { queryParams: values(query) }),
    };
  });
  return { ...(matches.length === 0 ? {} : { matches }), backendRefs: [{ cluster }] };
}

function route(rules: readonly HttpRuleConfig[], hostnames?: readonly string[]): HttpRouteConfig {
  const name = `route-${hostnames?.[0] ?? 'any'}`.replace('*', 'star');
  return { name, rules, ...(hostnames === undefined ? {} : { hostnames }) };
}

const named = (headers: Readonly<Record<string, string>>) => ({ headers });
const notGateway = 'it is about Gateways, listeners of Gateways or references between namespaces';
const routesTest = 'test/integration/routes.test.ts';

const cases: Readonly<Record<string, Case>> = {
  HTTPRouteMatching: {
    routes: [
      route([
        to('v1', { path: '/' }, { headers: { version: 'one' } }),
        to('v2', { path: '/v2' }, { headers: { version: 'two' } }),
      ]),
    ],
    expected: [
      ['http://a/', 'v1'],
      ['http://a/example', 'v1'],
      ['http://a/', 'v1', named({ Version: 'one' })],
      ['http://a/v2', 'v2'],
      ['http://a/v2/example', 'v2'],
      ['http://a/', 'v2', named({ Version: 'two' })],
      ['http://a/v2/', 'v2'],
      ['http://a/v2example', 'v1'],
      ['http://a/foo/v2/example', 'v1'],
    ],
  },
  HTTPRouteExactPathMatching: {
    routes: [route([to('v1', { exact: '/one' }), to('v2', { exact: '/two' })])],
    expected: [
      ['http://a/one', 'v1'],
      ['http://a/two', 'v2'],
      ['http://a/', null],
      ['http://a/one/example', null],
      ['http://a/two/', null],
      ['http://a/Two', null],
    ],
  },
  HTTPRoutePathMatchOrder: {
    routes: [
      route([
        to('v1', { exact: '/match' }),
        to('v2', { exact: '/match/exact' }),
        to('v3', { exact: '/match/exact/one' }),
        to('v3', { path: '/match/' }),
        to('v1', { path: '/match/prefix/' }),
        to('v2', { path: '/match/prefix/one' }),
      ]),
    ],
    expected: [
      ['http://a/match/exact/one', 'v3'],
      ['http://a/match/exact', 'v2'],
      ['http://a/match', 'v1'],
      ['http://a/match/prefix/one/any', 'v2'],
      ['http://a/match/prefix/any', 'v1'],
      ['http://a/match/any', 'v3'],
    ],
  },
  HTTPRouteHeaderMatching: {
    routes: [
      route([
        to('v1', { headers: { version: 'one' } }),
        to('v2', { headers: { version: 'two' } }),
        to('v1', { headers: { version: 'two', color: 'orange' } }),
        to('v1', { headers: { color: 'blue' } }, { headers: { color: 'green' } }),
        to('v2', { headers: { color: 'red' } }, { headers: { color: 'yellow' } }),
      ]),
    ],
    expected: [
      ['http://a/', 'v1', named({ Version: 'one' })],
      ['http://a/', 'v2', named({ Version: 'two' })],
      ['http://a/', 'v1', named({ Version: 'two', Color: 'orange' })],
      ['http://a/', 'v2', named({ Version: 'two', Color: 'blue' })],
      ['http://a/', null, named({ Color: 'orange' })],
      ['http://a/', null, named({ 'Some-Other-Header': 'one' })],
      ['http://a/', 'v1', named({ Color: 'blue' })],
      ['http://a/', 'v1', named({ Color: 'green' })],
      ['http://a/', 'v2', named({ Color: 'red' })],
      ['http://a/', 'v2', named({ Color: 'yellow' })],
      ['http://a/', null, named({ Color: 'purple' })],
    ],
  },
  HTTPRouteMethodMatching: {
    routes: [
      route([
        to('v1', { method: 'POST' }),
        to('v2', { method: 'GET' }),
        to('v1', { path: '/path1', method: 'GET' }),
        to('v2', { headers: { version: 'one' }, method: 'PUT' }),
        to('v3', { path: '/path2', headers: { version: 'two' }, method: 'POST' }),
        to(
          'v1',
          { path: '/path3', method: 'PATCH' },
          { path: '/path4', headers: { version: 'three' }, method: 'DELETE' },
        ),
        to('v1', { path: '/path5' }),
        to('v2', { method: 'PATCH' }),
        to('v3', { headers: { version: 'four' } }),
      ]),
    ],
    expected: [
      ['http://a/', 'v1', { method: 'POST' }],
      ['http://a/', 'v2'],
      ['http://a/', null, { method: 'HEAD' }],
      ['http://a/path1', 'v1'],
      ['http://a/', 'v2', { method: 'PUT', headers: { version: 'one' } }],
      ['http://a/path2', 'v3', { method: 'POST', headers: { version: 'two' } }],
      ['http://a/path3', 'v1', { method: 'PATCH' }],
      ['http://a/path4', 'v1', { method: 'DELETE', headers: { version: 'three' } }],
      ['http://a/', null, { method: 'PUT' }],
      ['http://a/path4', null, { method: 'DELETE' }],
      ['http://a/path5', 'v1', { method: 'PATCH' }],
      ['http://a/', 'v2', { method: 'PATCH', headers: { version: 'four' } }],
    ],
  },
  HTTPRouteQueryParamMatching: {
    routes: [
      route([
        to('v1', { query: { animal: 'whale' } }),
        to('v2', { query: { animal: 'dolphin' } }),
        to('v3', { query: { animal: 'dolphin', color: 'blue' } }, { query: { ANIMAL: 'Whale' } }),
        to('v1', { path: '/path1', query: { animal: 'whale' } }),
        to('v2', { headers: { version: 'one' }, query: { animal: 'whale' } }),
        to('v3', { path: '/path2', headers: { version: 'two' }, query: { animal: 'whale' } }),
        to(
          'v1',
          { path: '/path3', query: { animal: 'shark' } },
          { path: '/path4', headers: { version: 'three' }, query: { animal: 'kraken' } },
        ),
        to('v1', { path: '/path5' }),
        to('v2', { query: { animal: 'hydra' } }),
        to('v3', { headers: { version: 'four' } }),
      ]),
    ],
    expected: [
      ['http://a/?animal=whale', 'v1'],
      ['http://a/?animal=dolphin', 'v2'],
      ['http://a/?animal=dolphin&color=blue', 'v3'],
      ['http://a/?ANIMAL=Whale', 'v3'],
      ['http://a/?animal=whale&otherparam=irrelevant', 'v1'],
      ['http://a/?animal=dolphin&color=yellow', 'v2'],
      ['http://a/?color=blue', null],
      ['http://a/?animal=dog', null],
      ['http://a/?animal=whaledolphin', null],
      ['http://a/', null],
      ['http://a/path1?animal=whale', 'v1'],
      ['http://a/?animal=whale', 'v2', named({ version: 'one' })],
      ['http://a/path2?animal=whale', 'v3', named({ version: 'two' })],
      ['http://a/path3?animal=shark', 'v1'],
      ['http://a/path4?animal=kraken', 'v1', named({ version: 'three' })],
      ['http://a/?animal=shark', null],
      ['http://a/path4?animal=kraken', null],
      ['http://a/path5?animal=hydra', 'v1'],
      ['http://a/?animal=hydra', 'v3', named({ version: 'four' })],
    ],
  },
  HTTPRouteMatchingAcrossRoutes: {
    routes: [
      route(
        [to('v1', { path: '/' }, { headers: { version: 'one' } })],
        ['example.com', 'example.net'],
      ),
      route([to('v2', { path: '/v2' }, { headers: { version: 'two' } })], ['example.com']),
    ].map((one, index) => ({ ...one, name: `part${index}` })),
    expected: [
      ['http://example.com/', 'v1'],
      ['http://example.com/example', 'v1'],
      ['http://example.net/example', 'v1'],
      ['http://example.com/example', 'v1', named({ Version: 'one' })],
      ['http://example.com/v2', 'v2'],
      ['http://example.net/v2', 'v1'],
      ['http://example.com/v2/example', 'v2'],
      ['http://example.com/', 'v2', named({ Version: 'two' })],
    ],
  },
  HTTPRouteHostnameIntersection: {
    routes: [
      route([to('v1', { path: '/s1' })], ['very.specific.com']),
      route([to('v2', { path: '/s2' })], ['foo.wildcard.io', 'foo.bar.wildcard.io']),
      route([to('v3', { path: '/s3' })], ['*.anotherwildcard.io']),
    ],
    expected: [
      ['http://very.specific.com/s1', 'v1'],
      ['http://very.specific.com:1234/s1', 'v1'],
      ['http://non.matching.com/s1', null],
      ['http://very.specific.com/non-matching-prefix', null],
      ['http://foo.wildcard.io/s2', 'v2'],
      ['http://foo.bar.wildcard.io/s2', 'v2'],
      ['http://wildcard.io/s2', null],
      ['http://one.anotherwildcard.io/s3', 'v3'],
      ['http://one.two.anotherwildcard.io/s3', 'v3'],
      ['http://anotherwildcard.io/s3', null],
    ],
  },
  HTTPRouteSimpleSameNamespace: {
    routes: [route([to('v1')])],
    expected: [['http://a/', 'v1']],
  },
  HTTPRouteNamedRule: {
    routes: [{ name: 'a', rules: [{ ...to('v1', { path: '/named' }), name: 'named' }, to('v2')] }],
    expected: [
      ['http://a/named', 'v1'],
      ['http://a/unnamed', 'v2'],
    ],
  },
  HTTPRouteOmittedBackendRefs: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'ARuleWithoutABackendIsAnError',
  },
  HTTPRouteRedirectHostAndStatus: {
    file: 'test/native/proxy/rewrite_test.cc',
    title: 'SendsClientsElsewhere',
  },
  HTTPRouteRedirectPath: {
    file: 'test/native/proxy/rewrite_test.cc',
    title: 'SendsClientsElsewhere',
  },
  HTTPRouteRedirectPort: {
    file: 'test/native/proxy/rewrite_test.cc',
    title: 'SendsClientsElsewhere',
  },
  HTTPRouteRedirectScheme: {
    file: 'test/native/proxy/rewrite_test.cc',
    title: 'SendsClientsElsewhere',
  },
  HTTPRouteRedirectPortAndScheme: {
    file: 'test/native/proxy/rewrite_test.cc',
    title: 'SendsClientsElsewhere',
  },
  HTTPRoute303Redirect: { file: routesTest, title: 'statusCode: 308' },
  HTTPRoute307Redirect: { file: routesTest, title: 'statusCode: 308' },
  HTTPRoute308Redirect: { file: routesTest, title: 'statusCode: 308' },
  HTTPRouteRewritePath: {
    file: 'test/native/proxy/rewrite_test.cc',
    title: 'ReplacesAPrefix',
  },
  HTTPRouteRewriteHost: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'RewritesTheTarget',
  },
  HTTPRouteRequestHeaderModifier: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'ChangesFieldsOnTheWay',
  },
  HTTPRouteResponseHeaderModifier: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'ChangesFieldsOnTheWay',
  },
  HTTPRouteBackendRequestHeaderModifier: {
    file: 'test/lib/config/http-routes.test.ts',
    title: 'what a backend changes comes after what its rule changes',
  },
  HTTPRouteRequestHeaderModifierBackendWeights: {
    file: 'test/lib/config/http-routes.test.ts',
    title: 'what a backend changes comes after what its rule changes',
  },
  HTTPRouteWeight: {
    file: routesTest,
    title: 'a canary by weight is exact for each worker, and by header it is all of it',
  },
  HTTPRouteTimeoutRequest: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'AResponseThatDoesNotBeginInTimeIs504',
  },
  HTTPRouteTimeoutBackendRequest: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'AnAttemptThatTakesTooLongIsTriedAgain',
  },
  HTTPRouteRetry: { file: routesTest, title: 'retries, timeouts and resets of a known mixture' },
  HTTPRouteRetryBackendTimeout: {
    file: routesTest,
    title: 'retries, timeouts and resets of a known mixture',
  },
  HTTPRouteRetryConnectionError: {
    file: 'test/native/proxy/http_routes_test.cc',
    title: 'AConnectionThatEndsWithoutAResponseIsTriedAgain',
  },
  HTTPRouteRequestMirror: {
    file: 'test/native/proxy/mirror_test.cc',
    title: 'WhatTheRuleChangesIsChangedInTheCopyToo',
  },
  HTTPRouteRequestMultipleMirrors: {
    file: 'test/native/proxy/mirror_test.cc',
    title: 'EachOfSeveralGetsOne',
  },
  HTTPRouteRequestPercentageMirror: {
    file: routesTest,
    title: 'copies of requests go to others by their share, and nobody notices',
  },
  HTTPRouteBackendProtocolWebSocket: {
    file: 'test/native/proxy/http_session_test.cc',
    title: 'Upgrade',
  },
  HTTPRouteBackendProtocolH2C: { notApplicable: 'requests go out in HTTP/1.1 only' },
  HTTPRouteCORS: { notApplicable: 'the filter CORS is for gateways that browsers talk to' },
  HTTPRouteBackendRequestRedirect: { notApplicable: 'a backend redirects by itself' },
  HTTPRouteBackendURLRewrite: { notApplicable: 'backends change headers only' },
  HTTPRouteCrossNamespace: { notApplicable: notGateway },
  HTTPRouteDisallowedKind: { notApplicable: notGateway },
  HTTPRouteHTTPSListener: { notApplicable: notGateway },
  HTTPRouteHTTPSListenerDetectMisdirectedRequests: { notApplicable: notGateway },
  HTTPRouteInvalidBackendRefUnknownKind: { notApplicable: notGateway },
  HTTPRouteInvalidCrossNamespaceBackendRef: { notApplicable: notGateway },
  HTTPRouteInvalidCrossNamespaceParentRef: { notApplicable: notGateway },
  HTTPRouteInvalidNonExistentBackendRef: {
    file: 'test/lib/config/http-routes.test.ts',
    title: 'a mistake is told with its place',
  },
  HTTPRouteInvalidParentRefNotMatchingListenerPort: { notApplicable: notGateway },
  HTTPRouteInvalidParentRefNotMatchingSectionName: { notApplicable: notGateway },
  HTTPRouteInvalidParentRefSectionNameNotMatchingPort: { notApplicable: notGateway },
  HTTPRouteInvalidReferenceGrant: { notApplicable: notGateway },
  HTTPRouteListenerHostnameMatching: { notApplicable: notGateway },
  HTTPRouteListenerPortMatching: { notApplicable: notGateway },
  HTTPRouteMultipleGateways: { notApplicable: notGateway },
  HTTPRouteObservedGenerationBump: { notApplicable: notGateway },
  HTTPRoutePartiallyInvalidViaInvalidReferenceGrant: { notApplicable: notGateway },
  HTTPRouteReferenceGrant: { notApplicable: notGateway },
  HTTPRouteServiceTypes: { notApplicable: notGateway },
};

const root = fileURLToPath(new URL('../../../', import.meta.url));

function configOf(httpRoutes: readonly HttpRouteConfig[]) {
  const endpoints = ['10.0.0.1:80'];
  return {
    listeners: [{ address: '127.0.0.1:8080', cluster: 'v1', httpRoutes }],
    clusters: { v1: { endpoints }, v2: { endpoints }, v3: { endpoints } },
  };
}

for (const [name, one] of Object.entries(cases)) {
  if ('routes' in one) {
    test(name, () => {
      const config = configOf(one.routes);
      const rules = resolveConfig(config).listeners[0]?.httpRules ?? [];
      const names = rules.map((rule) => rule.name);
      const ids = { ruleId: (rule: string) => names.indexOf(rule) + 1, clusterId: () => 1 };
      const routes = { revision: 1, rules: compileRules(rules, ids) };
      for (const [url, backend, parts = {}] of one.expected) {
        const request: ExplainedRequest = { url, ...parts };
        const what = JSON.stringify(request);
        assert.equal(explain(config, request).backends[0]?.cluster ?? null, backend, what);
        const found = addon.matchRoute(routes, routeRequest(request));
        const cluster = found === null ? null : rules[found.rule]?.backendRefs[0]?.cluster;
        assert.equal(cluster, backend, what);
      }
    });
  } else if ('file' in one) {
    test(`${name} is proved elsewhere`, () => {
      assert.ok(readFileSync(join(root, one.file), 'utf8').includes(one.title), one.title);
    });
  }
}

test('what does not apply has a reason', () => {
  const reasons = Object.values(cases).flatMap((one) =>
    'notApplicable' in one ? [one.notApplicable] : [],
  );
  assert.ok(reasons.length > 0 && reasons.every((reason) => reason.length > 20));
  assert.ok(reasons.length * 2 < Object.keys(cases).length, 'most cases apply');
});
