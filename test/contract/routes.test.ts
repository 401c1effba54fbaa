// Where a request goes, asked in two ways: of the table that native code looks it up in, and of the plain search that
// explains. They are two programs, and must never disagree.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResolvedHttpRule } from '../../lib/config/config.ts';
import { resolveConfig } from '../../lib/config/resolve.ts';
import type { HttpRouteConfig } from '../../lib/config/user-config.ts';
import type { RouteMatch, RouteRequest } from '../../lib/contract/http-routes.ts';
import { compileRules } from '../../lib/control/compile-routes.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';
import { matchRules } from '../../lib/explain/route-match.ts';
import { mulberry32 } from '../support/chaos/random.ts';

const addon = loadAddon();

function rulesOf(httpRoutes: readonly HttpRouteConfig[]): readonly ResolvedHttpRule[] {
  const config = resolveConfig({
    listeners: [{ address: '127.0.0.1:8080', cluster: 'web', httpRoutes }],
    clusters: { web: { endpoints: ['10.0.0.1:80'] } },
  });
  return config.listeners[0]?.httpRules ?? [];
}

function nativeMatcher(rules: readonly ResolvedHttpRule[]) {
  const names = rules.map(({ name }) => name);
  const routes = {
    revision: 1,
    rules: compileRules(rules, { ruleId: (name) => names.indexOf(name) + 1, clusterId: () => 1 }),
  };
  return (request: RouteRequest): RouteMatch | null => addon.matchRoute(routes, request);
}

function requestOf(parts: Partial<RouteRequest>): RouteRequest {
  return { method: 'GET', authority: 'web', path: '/', headers: [], ...parts };
}

const backendRefs = [{ cluster: 'web' }];

test('the precedence of the Gateway API, rule by rule', () => {
  const rules = rulesOf([
    {
      name: 'any',
      rules: [
        { name: 'all', backendRefs },
        { name: 'exact', matches: [{ path: { type: 'Exact', value: '/a/b' } }], backendRefs },
        { name: 'prefix', matches: [{ path: { value: '/a' } }], backendRefs },
        { name: 'longer', matches: [{ path: { value: '/a/b/' } }], backendRefs },
        {
          name: 'regex',
          matches: [{ path: { type: 'RegularExpression', value: '/r/[0-9]+' } }],
          backendRefs,
        },
        { name: 'post', matches: [{ path: { value: '/a' }, method: 'POST' }], backendRefs },
        {
          name: 'header',
          matches: [{ path: { value: '/a' }, headers: [{ name: 'X', value: '1' }] }],
          backendRefs,
        },
        {
          name: 'headers',
          matches: [
            {
              path: { value: '/a' },
              headers: [
                { name: 'x', value: '1' },
                { type: 'RegularExpression', name: 'y', value: '[0-9]+' },
              ],
            },
          ],
          backendRefs,
        },
        {
          name: 'query',
          matches: [{ path: { value: '/a' }, queryParams: [{ name: 'v', value: 'a b' }] }],
          backendRefs,
        },
      ],
    },
    { name: 'wild', hostnames: ['*.example.com'], rules: [{ backendRefs }] },
    { name: 'wilder', hostnames: ['*.b.example.com'], rules: [{ backendRefs }] },
    {
      name: 'host',
      hostnames: ['a.b.example.com', 'example.com'],
      rules: [{ matches: [{ path: { value: '/only' } }], backendRefs }],
    },
  ]);
  const native = nativeMatcher(rules);
  const header = (name: string, value: string) => ({ name, value });
  const cases: readonly (readonly [Partial<RouteRequest>, string])[] = [
    [{}, 'any/all'],
    [{ path: '/ab' }, 'any/all'],
    [{ path: '/a' }, 'any/prefix'],
    [{ path: '/a/' }, 'any/prefix'],
    [{ path: '/a?b/c' }, 'any/prefix'],
    [{ path: '/a/b' }, 'any/exact'],
    [{ path: '/a/b?c' }, 'any/exact'],
    [{ path: '/a/b/' }, 'any/longer'],
    [{ path: '/a/b/c' }, 'any/longer'],
    [{ path: '/a/bc' }, 'any/prefix'],
    [{ path: '/r/12' }, 'any/regex'],
    [{ path: '/r/12/' }, 'any/all'],
    [{ path: '/a', method: 'POST' }, 'any/post'],
    [{ path: '/a', method: 'post' }, 'any/prefix'],
    [{ path: '/a', headers: [header('x', '1')] }, 'any/header'],
    [{ path: '/a', headers: [header('x', '1'), header('x', '2')] }, 'any/prefix'],
    [{ path: '/a', headers: [header('y', '7'), header('x', '1')] }, 'any/headers'],
    [{ path: '/a', method: 'POST', headers: [header('y', '7'), header('x', '1')] }, 'any/post'],
    [{ path: '/a?w=1&v=a%20b' }, 'any/query'],
    [{ path: '/a?v=a+b&v=c' }, 'any/query'],
    [{ path: '/a?v=c&v=a+b' }, 'any/prefix'],
    [{ path: '/a?%76=a+b' }, 'any/query'],
    [{ path: '*', method: 'OPTIONS' }, 'any/all'],
    [{ path: '', method: 'CONNECT', authority: 'x.example.com:443' }, 'wild'],
    [{ authority: 'x.example.com' }, 'wild'],
    [{ authority: 'X.Example.COM:8080' }, 'wild'],
    [{ authority: 'x.example.com.' }, 'wild'],
    [{ authority: 'example.com' }, 'any/all'],
    [{ authority: '.example.com' }, 'any/all'],
    [{ authority: 'y.b.example.com' }, 'wilder'],
    [{ authority: 'b.example.com' }, 'wild'],
    [{ authority: 'a.b.example.com' }, 'wilder'],
    [{ authority: 'a.b.example.com', path: '/only/x' }, 'host'],
    [{ authority: '[::1]:80' }, 'any/all'],
    [{ authority: '' }, 'any/all'],
    [{ authority: `${'a'.repeat(300)}.example.com` }, 'any/all'],
  ];
  for (const [parts, expected] of cases) {
    const request = requestOf(parts);
    const found = native(request);
    assert.equal(rules[found?.rule ?? -1]?.name, expected, JSON.stringify(parts));
    assert.deepEqual(matchRules(rules, request).chosen, found, JSON.stringify(parts));
  }
});

test('random routes and requests: both find the same, also that there is none', () => {
  const random = mulberry32(11);
  const below = (bound: number): number => Math.floor(random() * bound);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value;
  const some = <Value>(most: number, make: () => Value): Value[] =>
    Array.from({ length: below(most + 1) }, make);
  const hosts = ['a.com', 'b.a.com', 'c.b.a.com', 'x.org', '[::1]'];
  const segments = ['a', 'b', 'ab', '', 'A', '%61'];
  const path = (): string => `/${some(3, () => pick(segments)).join('/')}`;
  const matchOf = () => ({
    ...(below(5) === 0
      ? {}
      : {
          path: pick([
            { type: 'Exact' as const, value: path() },
            { type: 'PathPrefix' as const, value: path() },
            { type: 'PathPrefix' as const, value: path() },
            { type: 'RegularExpression' as const, value: pick(['/a.*', '/[ab]+', '.*b', '/']) },
          ]),
        }),
    ...(below(3) === 0 ? { method: pick(['GET', 'POST']) } : {}),
    ...(below(3) === 0
      ? {
          headers: [
            pick([
              { name: 'h', value: pick(['1', '2', '1,2', '']) },
              { type: 'RegularExpression' as const, name: 'H', value: pick(['[12]', '1.*']) },
            ]),
          ],
        }
      : {}),
    ...(below(3) === 0
      ? { queryParams: [{ name: pick(['q', 'é']), value: pick(['1', ' ', '']) }] }
      : {}),
  });
  const counts = { found: 0, none: 0 };
  for (let round = 0; round < 300; round += 1) {
    const rules = rulesOf(
      Array.from({ length: 1 + below(5) }, (_, index) => {
        const hostnames = some(2, () =>
          pick([...hosts.slice(0, 4), '*.a.com', '*.b.a.com', '*.com']),
        );
        return {
          name: `r${index}`,
          ...(hostnames.length === 0 ? {} : { hostnames }),
          rules: Array.from({ length: 1 + below(3) }, () => {
            const matches = some(2, matchOf);
            return { ...(matches.length === 0 ? {} : { matches }), backendRefs };
          }),
        };
      }),
    );
    const native = nativeMatcher(rules);
    for (let count = 0; count < 100; count += 1) {
      const query = pick([
        '',
        '',
        '?q=1',
        '?q',
        '?q=+',
        '?%C3%A9=%31',
        '?q=%zz&q=1',
        '?&&q=%2',
        '?',
      ]);
      const request = requestOf({
        method: pick(['GET', 'POST', 'get']),
        authority: pick([...hosts, 'd.x.org', 'A.COM:80', 'a.com.', '']),
        path: pick([path(), path(), path(), '*', '']) + query,
        headers: some(2, () => ({ name: pick(['h', 'i']), value: pick(['1', '2', '']) })),
      });
      const found = native(request);
      counts[found === null ? 'none' : 'found'] += 1;
      const { chosen, rejected } = matchRules(rules, request);
      assert.deepEqual(chosen, found, JSON.stringify([rules, request]));
      const all = rules.reduce((sum, { matches }) => sum + Math.max(matches.length, 1), 0);
      assert.equal(rejected.length + (chosen === null ? 0 : 1), all);
    }
  }
  assert.ok(counts.found > 5_000 && counts.none > 2_000, JSON.stringify(counts));
});

test('what is no request or no routes is an error with its path', () => {
  const routes = { revision: 1, rules: [] };
  assert.equal(addon.matchRoute(routes, requestOf({})), null);
  assert.throws(() => addon.matchRoute(routes, { ...requestOf({}), path: 7 as never }), {
    code: 'ERR_SNAPSHOT_INVALID',
    path: 'path',
  });
  assert.throws(() => addon.matchRoute({ revision: 1 } as never, requestOf({})), { path: 'rules' });
});
