// Routes of HTTP as a person writes them -> one list of rules, with every default.

import { parseDuration } from '../base/duration.ts';
import type {
  FaultSnapshot,
  HeaderEditsSnapshot,
  HeaderFieldSnapshot,
  PathRewriteSnapshot,
  RateLimitSnapshot,
  RedirectSnapshot,
  RetrySnapshot,
  UrlRewriteSnapshot,
} from '../contract/http-routes.ts';
import type {
  ResolvedHttpBackendRef,
  ResolvedHttpMatch,
  ResolvedHttpRule,
  ResolvedRequestMirror,
  ResolvedValueMatch,
} from './config.ts';
import { defaults } from './defaults.ts';
import { checked, ms, msOrNull } from './units.ts';
import type {
  HttpBackendFilterConfig,
  HttpBackendRefConfig,
  HttpFilterConfig,
  HttpHeaderConfig,
  HttpHeaderModifierConfig,
  HttpMatchConfig,
  HttpPathModifierConfig,
  HttpRateLimitConfig,
  HttpRedirectConfig,
  HttpRequestMirrorConfig,
  HttpRetryConfig,
  HttpRouteConfig,
  HttpRuleConfig,
  HttpUrlRewriteConfig,
  HttpValueMatchType,
  ListenerConfig,
} from './user-config.ts';

/** Shares of requests are counted in millionths. */
export const wholeShare = 1_000_000;

export function resolveHttpRules({ httpRoutes }: ListenerConfig): ResolvedHttpRule[] | null {
  return httpRoutes === undefined
    ? null
    : httpRoutes.flatMap((route) =>
        route.rules.map((rule, index) => resolveRule(route, rule, index)),
      );
}

function resolveRule(
  route: HttpRouteConfig,
  rule: HttpRuleConfig,
  index: number,
): ResolvedHttpRule {
  const { filters = [], timeouts = {} } = rule;
  const redirect = partOf(filters, 'requestRedirect');
  const direct = partOf(filters, 'directResponse');
  const rewrite = partOf(filters, 'urlRewrite');
  const fault = partOf(filters, 'faultInjection');
  const rateLimit = partOf(filters, 'rateLimit');
  return {
    route: route.name,
    name: rule.name === undefined ? nameOf(route, index) : `${route.name}/${rule.name}`,
    hostnames: route.hostnames ?? [],
    matches: (rule.matches ?? []).map(resolveMatch),
    redirect: redirect ? resolveRedirect(redirect) : null,
    directResponse: direct
      ? {
          status: direct.statusCode ?? defaults.directStatus.value,
          contentType: direct.contentType ?? defaults.directContentType.value,
          body: direct.body ?? defaults.directBody.value,
        }
      : null,
    rewrite: rewrite ? resolveRewrite(rewrite) : null,
    fault: fault ? resolveFault(fault) : null,
    rateLimit: rateLimit ? resolveRateLimit(rateLimit) : null,
    retry: rule.retry ? resolveRetry(rule.retry) : null,
    timeouts: {
      requestMs: msOrNull(timeouts.request, defaults.requestTimeoutMs.value),
      backendRequestMs: msOrNull(timeouts.backendRequest, defaults.backendRequestTimeoutMs.value),
      responseHeadMs: msOrNull(timeouts.responseHeaders, defaults.responseHeadersTimeoutMs.value),
    },
    mirrors: filters.flatMap(({ requestMirror }) =>
      requestMirror === undefined ? [] : [resolveMirror(requestMirror, filters)],
    ),
    backendRefs: (rule.backendRefs ?? []).flatMap((backend) => resolveBackend(backend, filters)),
  };
}

function nameOf({ name, rules }: HttpRouteConfig, index: number): string {
  return rules.length === 1 ? name : `${name}/${index}`;
}

/** Each type of filter is there at most once. */
function partOf<Key extends keyof HttpFilterConfig>(
  filters: readonly Pick<HttpFilterConfig, Key>[],
  key: Key,
): HttpFilterConfig[Key] | undefined {
  return filters.find((filter) => filter[key] !== undefined)?.[key];
}

function resolveMatch({ path, headers, queryParams, method }: HttpMatchConfig): ResolvedHttpMatch {
  const types = { Exact: 'exact', PathPrefix: 'prefix', RegularExpression: 'regex' } as const;
  return {
    path: {
      type: types[path?.type ?? defaults.pathMatchType.value],
      value: path?.value ?? '/',
    },
    method: method ?? '',
    headers: (headers ?? []).map((header) => resolveValueMatch(header, header.name.toLowerCase())),
    queryParams: (queryParams ?? []).map((param) => resolveValueMatch(param, param.name)),
  };
}

function resolveValueMatch(
  { type, value }: { readonly type?: HttpValueMatchType | undefined; readonly value: string },
  name: string,
): ResolvedValueMatch {
  return { name, value, regex: (type ?? defaults.valueMatchType.value) === 'RegularExpression' };
}

function resolvePath(path: HttpPathModifierConfig | undefined): PathRewriteSnapshot | null {
  return path === undefined
    ? null
    : {
        prefixOnly: path.type === 'ReplacePrefixMatch',
        value: path.replacePrefixMatch ?? path.replaceFullPath ?? '/',
      };
}

function resolveRedirect(redirect: HttpRedirectConfig): RedirectSnapshot {
  return {
    scheme: redirect.scheme ?? '',
    hostname: redirect.hostname ?? '',
    port: redirect.port ?? defaults.redirectPart.value,
    path: resolvePath(redirect.path),
    status: redirect.statusCode ?? defaults.redirectStatus.value,
  };
}

function resolveRewrite({ hostname, path }: HttpUrlRewriteConfig): UrlRewriteSnapshot {
  return { hostname: hostname ?? '', path: resolvePath(path) };
}

function resolveFault({
  delay,
  abort,
}: NonNullable<HttpFilterConfig['faultInjection']>): FaultSnapshot {
  return {
    delayMs: delay === undefined ? 0 : checked(parseDuration(delay.duration)),
    delayShare: Math.round((delay?.share ?? 0) * wholeShare),
    abortStatus: abort?.statusCode ?? 503,
    abortShare: Math.round((abort?.share ?? 0) * wholeShare),
  };
}

function resolveMirror(
  { backendRef, percent, fraction, timeout }: HttpRequestMirrorConfig,
  ofRule: readonly HttpFilterConfig[],
): ResolvedRequestMirror {
  const share =
    fraction === undefined
      ? (percent ?? defaults.mirrorPercent.value) / 100
      : fraction.numerator / (fraction.denominator ?? defaults.mirrorDenominator.value);
  return {
    cluster: backendRef.cluster,
    share: Math.round(share * wholeShare),
    timeoutMs: ms(timeout, defaults.mirrorTimeoutMs.value),
    requestHeaders: editsOf(ofRule, [], 'requestHeaderModifier'),
  };
}

function resolveRateLimit({ requests, per, burst }: HttpRateLimitConfig): RateLimitSnapshot {
  const perMs = ms(per, defaults.rateLimitPerMs.value);
  return {
    intervalUs: Math.max(1, Math.round((perMs * 1_000) / requests)),
    burst: burst ?? requests,
  };
}

/** Where only one of the two times is given, the default of the other follows it. */
function resolveRetry(retry: HttpRetryConfig): RetrySnapshot {
  const least = ms(retry.backoff, defaults.retryBackoffMs.value);
  const most = ms(retry.backoffMax, defaults.retryBackoffMaxMs.value);
  const on = retry.on ?? ['reset'];
  return {
    attemptsMax: retry.attempts ?? defaults.retryAttempts.value,
    statuses: [...new Set(retry.codes ?? [])].sort((left, right) => left - right),
    onReset: on.includes('reset'),
    onTimeout: on.includes('timeout'),
    anyMethod: (retry.methods ?? defaults.retryMethods.value) === 'all',
    backoffMinMs: retry.backoff === undefined ? Math.min(least, most) : least,
    backoffMaxMs: retry.backoffMax === undefined ? Math.max(least, most) : most,
  };
}

/** Backends that take no share are left out. */
function resolveBackend(
  { cluster, weight, filters = [] }: HttpBackendRefConfig,
  ofRule: readonly HttpFilterConfig[],
): ResolvedHttpBackendRef[] {
  const share = weight ?? defaults.backendWeight.value;
  return share === 0
    ? []
    : [
        {
          cluster,
          weight: share,
          requestHeaders: editsOf(ofRule, filters, 'requestHeaderModifier'),
          responseHeaders: editsOf(ofRule, filters, 'responseHeaderModifier'),
        },
      ];
}

/** The filters of the rule come first, and those of the backend see what they did. */
function editsOf(
  ofRule: readonly HttpFilterConfig[],
  ofBackend: readonly HttpBackendFilterConfig[],
  key: 'requestHeaderModifier' | 'responseHeaderModifier',
): HeaderEditsSnapshot {
  const first = editsFrom(partOf(ofRule, key));
  const second = editsFrom(partOf(ofBackend, key));
  const replaced = new Set([...second.remove, ...second.set.map(({ name }) => name)]);
  const stays = ({ name }: HeaderFieldSnapshot): boolean => !replaced.has(name);
  return {
    set: [...first.set.filter(stays), ...second.set],
    add: [...first.add.filter(stays), ...second.add],
    remove: [...new Set([...first.remove, ...second.remove])],
  };
}

function editsFrom(modifier: HttpHeaderModifierConfig | undefined): HeaderEditsSnapshot {
  const fields = (list: readonly HttpHeaderConfig[] | undefined): HeaderFieldSnapshot[] =>
    (list ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value }));
  return {
    set: fields(modifier?.set),
    add: fields(modifier?.add),
    remove: (modifier?.remove ?? []).map((name) => name.toLowerCase()),
  };
}
