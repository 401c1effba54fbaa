// What would happen to a request of HTTP: the listener that takes it, the rule that fits, where it goes and what
// bounds it, and why the other rules do not count. From a configuration alone, so that it can be unit-tested.

import type {
  Config,
  ResolvedEndpoint,
  ResolvedHttpMatch,
  ResolvedHttpRule,
  ResolvedListener,
} from '../config/config.ts';
import { resolveConfig } from '../config/resolve.ts';
import { wholeShare } from '../config/resolve-routes.ts';
import type { UserConfig } from '../config/user-config.ts';
import type { HttpTimeoutsSnapshot, RetrySnapshot } from '../contract/http-routes.ts';
import { matchRules, type Routing } from './route-match.ts';

/** A request as a test or a person writes it. */
export interface ExplainedRequest {
  /** `GET` when left out. */
  readonly method?: string | undefined;
  /** `http://shop.example.com/cart?a=b`; only host, path and query count. */
  readonly url: string;
  /** A list for several fields of one name. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Name of the listener that takes it; the first one with routes, else the first, when left out. */
  readonly listener?: string | undefined;
}

export interface ExplainedBackend {
  readonly cluster: string;
  /** Of the requests of the rule; 0 to 1. */
  readonly share: number;
  readonly endpoints: readonly ResolvedEndpoint[];
}

/** What happens to a request. */
export type ExplainedAction = 'forward' | 'redirect' | 'direct' | 'refuse';

export interface Explanation {
  readonly listener: string;
  readonly action: ExplainedAction;
  /** Of an answer of Weft's own; `null` when a backend answers. */
  readonly status: number | null;
  /** Name of the rule; `null` when none fits, or the listener has no routes. */
  readonly rule: string | null;
  /** What of it fits, in words. */
  readonly match: string | null;
  /** Empty when Weft answers itself. */
  readonly backends: readonly ExplainedBackend[];
  /** Who gets copies of it. */
  readonly mirrors: readonly ExplainedBackend[];
  readonly timeouts: HttpTimeoutsSnapshot | null;
  readonly retry: RetrySnapshot | null;
  /** Each other match of a rule, and why it does not count. */
  readonly rejected: readonly {
    readonly rule: string;
    readonly match: string;
    readonly why: string;
  }[];
}

/**
 * What `config` makes of a request. Throws a ConfigError when the configuration is not valid, and a TypeError when
 * the URL is none or there is no such listener. Runs on any system; nothing is opened.
 */
export function explain(config: UserConfig, request: ExplainedRequest): Explanation {
  return explainResolved(resolveConfig(config), request);
}

/** The same with a configuration that was resolved. */
export function explainResolved(config: Config, request: ExplainedRequest): Explanation {
  const listener = listenerOf(config, request.listener);
  const rules = listener.httpRules ?? [];
  const routing = matchRules(rules, routeRequest(request));
  const { chosen } = routing;
  const rule = chosen === null ? undefined : rules[chosen.rule];
  const answer =
    rule === undefined ? unrouted(config, listener) : { ...routed(config, rule), rule: rule.name };
  return {
    listener: listener.name,
    action: answer.action,
    status: answer.status,
    rule: answer.rule,
    match: rule && chosen ? matchText(rule, chosen.match) : null,
    backends: answer.backends,
    mirrors: (rule?.mirrors ?? []).map(({ cluster, share }) =>
      backendOf(config, cluster, share / wholeShare),
    ),
    timeouts: rule?.timeouts ?? null,
    retry: rule?.retry ?? null,
    rejected: rejections(rules, routing),
  };
}

/** The parts of a request that routes look at. */
export function routeRequest({ method = 'GET', url, headers = {} }: ExplainedRequest) {
  const { host, pathname, search } = new URL(url);
  return {
    method,
    authority: host,
    path: pathname + search,
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name: name.toLowerCase(), value })),
    ),
  };
}

/** The listener that is meant. Throws a TypeError when there is none of the name. */
export function listenerOf({ listeners }: Config, name: string | undefined): ResolvedListener {
  const found =
    name === undefined
      ? (listeners.find(({ httpRules }) => httpRules !== null) ?? listeners[0])
      : listeners.find((listener) => listener.name === name);
  if (found === undefined) {
    const known = listeners.map((listener) => listener.name).join(', ');
    throw new TypeError(`there is no listener '${name}'. There are ${known}.`);
  }
  return found;
}

interface Answer {
  readonly action: ExplainedAction;
  readonly status: number | null;
  readonly rule: string | null;
  readonly backends: readonly ExplainedBackend[];
}

function unrouted(config: Config, listener: ResolvedListener): Answer {
  return listener.httpRules !== null && listener.httpUnrouted === 'refuse'
    ? { action: 'refuse', status: 404, rule: null, backends: [] }
    : {
        action: 'forward',
        status: null,
        rule: null,
        backends: [backendOf(config, listener.cluster, 1)],
      };
}

function routed(config: Config, rule: ResolvedHttpRule): Omit<Answer, 'rule'> {
  if (rule.redirect !== null) {
    return { action: 'redirect', status: rule.redirect.status, backends: [] };
  }
  if (rule.directResponse !== null) {
    return { action: 'direct', status: rule.directResponse.status, backends: [] };
  }
  if (rule.backendRefs.length === 0) {
    return { action: 'refuse', status: 500, backends: [] };
  }
  const total = rule.backendRefs.reduce((sum, { weight }) => sum + weight, 0);
  const backends = rule.backendRefs.map(({ cluster, weight }) =>
    backendOf(config, cluster, weight / total),
  );
  return { action: 'forward', status: null, backends };
}

function backendOf({ clusters }: Config, name: string, share: number): ExplainedBackend {
  const endpoints = clusters.find((cluster) => cluster.name === name)?.endpoints ?? [];
  return { cluster: name, share, endpoints };
}

function rejections(rules: readonly ResolvedHttpRule[], { rejected }: Routing) {
  return rejected.map(({ rule, match, why }) => {
    const one = rules[rule];
    return { rule: one?.name ?? '', match: one ? matchText(one, match) : '', why };
  });
}

function matchText({ hostnames, matches }: ResolvedHttpRule, index: number): string {
  const match: ResolvedHttpMatch | undefined = matches[index];
  const words = [
    hostnames.length === 0 ? null : `host ${hostnames.join(' or ')}`,
    match === undefined ? 'every request' : `path ${match.path.type} ${match.path.value}`,
    match?.method ? `method ${match.method}` : null,
    ...(match?.headers ?? []).map((header) => `header ${valueText(header)}`),
    ...(match?.queryParams ?? []).map((param) => `query ${valueText(param)}`),
  ];
  return words.filter((word) => word !== null).join(', ');
}

function valueText({
  name,
  value,
  regex,
}: {
  name: string;
  value: string;
  regex: boolean;
}): string {
  return `${name} ${regex ? 'matches' : 'is'} ${value}`;
}
