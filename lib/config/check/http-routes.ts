// Rules about routes of HTTP: known clusters, filters that are what their type says, matches that can fit, a listener
// that looks at HTTP.

import { parseDuration } from '../../base/duration.ts';
import { parsePattern } from '../../base/pattern.ts';
import { defaults } from '../defaults.ts';
import type {
  HttpBackendRefConfig,
  HttpFilterConfig,
  HttpHeaderModifierConfig,
  HttpMatchConfig,
  HttpPathModifierConfig,
  HttpRuleConfig,
} from '../user-config.ts';
import type { IssueList } from './issues.ts';
import { checkKnownCluster } from './known-cluster.ts';
import { checkRoutesAreUsed } from './route-hints.ts';
import { pathProblem } from './texts.ts';
import type { Holes, UsableConfig, UsableListener } from './usable.ts';

type Rule = Holes<HttpRuleConfig>;
type Match = Holes<HttpMatchConfig>;
type Filter = Holes<HttpFilterConfig>;

/** The connection's own, and what frames a message: changing one would make two messages of one. */
const protectedNames = [
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

const partOfType: Readonly<Record<string, keyof Filter>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  DirectResponse: 'directResponse',
  FaultInjection: 'faultInjection',
  RateLimit: 'rateLimit',
  RequestMirror: 'requestMirror',
};

export function checkHttpRoutes(
  listener: UsableListener,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  const { httpRoutes, httpUnrouted } = listener;
  if (httpRoutes === undefined) {
    if (httpUnrouted !== undefined && !issues.has(`${path}.httpRoutes`)) {
      const hint = 'Leave it out, or add httpRoutes.';
      issues.add(`${path}.httpUnrouted`, 'contradiction', 'this listener has no routes', { hint });
    }
    return;
  }
  checkRoutesAreUsed('httpRoutes', 'http1', listener, path, config, issues);
  const names = new Map<string, number>();
  for (const [index, route] of httpRoutes.entries()) {
    const own = `${path}.httpRoutes[${index}]`;
    const earlier = names.get(route?.name ?? '');
    if (route?.name !== undefined && earlier !== undefined) {
      const problem = `httpRoutes[${earlier}] has the name '${route.name}' too`;
      const hint = 'Give each route a name of its own.';
      issues.add(`${own}.name`, 'duplicate-name', problem, { hint });
    }
    names.set(route?.name ?? '', index);
    checkRuleNames(route?.rules ?? [], own, issues);
    for (const [at, rule] of (route?.rules ?? []).entries()) {
      if (rule !== undefined) {
        checkRule(rule, `${own}.rules[${at}]`, config, issues);
      }
    }
  }
}

function checkRuleNames(
  rules: readonly (Rule | undefined)[],
  path: string,
  issues: IssueList,
): void {
  const first = new Map<string, number>();
  for (const [index, rule] of rules.entries()) {
    const name = rule?.name;
    const earlier = name === undefined ? undefined : first.get(name);
    if (earlier !== undefined) {
      const problem = `rules[${earlier}] has the name '${name}' too`;
      const hint = 'Give each rule a name of its own, or none.';
      issues.add(`${path}.rules[${index}].name`, 'duplicate-name', problem, { hint });
    } else if (name !== undefined) {
      first.set(name, index);
    }
  }
}

function checkRule(rule: Rule, path: string, config: UsableConfig, issues: IssueList): void {
  for (const [index, match] of (rule.matches ?? []).entries()) {
    checkMatch(match ?? {}, `${path}.matches[${index}]`, issues);
  }
  checkFilters(rule.filters ?? [], rule, path, issues);
  checkMirrors(rule, path, config, issues);
  checkBackends(rule.backendRefs ?? [], rule, path, config, issues);
  checkTimes(rule, path, issues);
}

function checkMatch(match: Match, path: string, issues: IssueList): void {
  const { type, value } = match.path ?? {};
  if (value !== undefined && !issues.has(`${path}.path.type`)) {
    const problem = type === 'RegularExpression' ? patternProblem(value) : pathProblem(value);
    if (problem !== null) {
      issues.addProblem(`${path}.path.value`, problem, value);
    }
  }
  for (const key of ['headers', 'queryParams'] as const) {
    for (const [index, wanted] of (match[key] ?? []).entries()) {
      const problem =
        wanted?.type === 'RegularExpression' && wanted.value !== undefined
          ? patternProblem(wanted.value)
          : null;
      if (problem !== null) {
        issues.addProblem(`${path}.${key}[${index}].value`, problem, wanted?.value);
      }
    }
  }
}

function patternProblem(text: string) {
  const parsed = parsePattern(text);
  return parsed.ok ? null : parsed;
}

function checkFilters(
  filters: readonly (Filter | undefined)[],
  rule: Rule | null,
  path: string,
  issues: IssueList,
): void {
  const first = new Map<string, number>();
  for (const [index, filter] of filters.entries()) {
    const type = filter?.type;
    if (filter === undefined || type === undefined) {
      continue;
    }
    const own = `${path}.filters[${index}]`;
    const earlier = first.get(type);
    if (earlier !== undefined && type !== 'RequestMirror') {
      const problem = `filters[${earlier}] is a ${type} too`;
      issues.add(`${own}.type`, 'contradiction', problem, { hint: 'Write one for both.' });
    }
    first.set(type, index);
    checkParts(filter, type, own, issues);
    checkModifiers(filter, own, issues);
    checkPathModifier(filter.requestRedirect?.path, rule, `${own}.requestRedirect.path`, issues);
    checkPathModifier(filter.urlRewrite?.path, rule, `${own}.urlRewrite.path`, issues);
  }
  const answers = ['RequestRedirect', 'DirectResponse'].filter((type) => first.has(type));
  const clash = answers.length > 1 ? answers[1] : first.has('URLRewrite') ? answers[0] : undefined;
  if (clash !== undefined) {
    const other = answers.length > 1 ? answers[0] : 'URLRewrite';
    const problem = `the filter ${other} of this rule and ${clash} exclude each other`;
    const hint = 'Leave out one of the two, or write two rules.';
    issues.add(`${path}.filters[${first.get(clash)}].type`, 'contradiction', problem, { hint });
  }
}

/** The key that the type names, and no other. */
function checkParts(filter: Filter, type: string, path: string, issues: IssueList): void {
  const wanted = partOfType[type];
  if (wanted !== undefined && filter[wanted] === undefined && !issues.has(`${path}.${wanted}`)) {
    const hint = `Add ${wanted}: { ... }.`;
    issues.add(`${path}.${wanted}`, 'missing', 'this key is missing', { hint });
  }
  for (const part of Object.values(partOfType)) {
    if (part !== wanted && filter[part] !== undefined) {
      const problem = `the type of this filter is '${type}'`;
      issues.add(`${path}.${part}`, 'contradiction', problem, { hint: 'Leave it out.' });
    }
  }
  const fault = filter.faultInjection;
  const nothing = fault !== undefined && fault.delay === undefined && fault.abort === undefined;
  if (nothing && !issues.hasBelow(`${path}.faultInjection`)) {
    const hint = 'Add abort: { statusCode: 503, share: 0.01 }, or delay.';
    issues.add(`${path}.faultInjection`, 'empty', 'nothing is to fail', { hint });
  }
  for (const key of ['requestRedirect', 'urlRewrite'] as const) {
    const hostname = filter[key]?.hostname;
    if (hostname?.startsWith('*')) {
      const problem = 'expected one host name, without a star';
      issues.add(`${path}.${key}.hostname`, 'bad-server-name', problem, { got: hostname });
    }
  }
  const code = filter.requestRedirect?.statusCode;
  if (code !== undefined && ![301, 302, 303, 307, 308].includes(code)) {
    const problem = 'expected 301, 302, 303, 307 or 308';
    issues.add(`${path}.requestRedirect.statusCode`, 'out-of-range', problem, { got: code });
  }
}

function checkMirrors(rule: Rule, path: string, config: UsableConfig, issues: IssueList): void {
  for (const [index, filter] of (rule.filters ?? []).entries()) {
    const { backendRef, percent, fraction } = filter?.requestMirror ?? {};
    const own = `${path}.filters[${index}].requestMirror`;
    if (backendRef?.cluster !== undefined) {
      checkKnownCluster(backendRef.cluster, `${own}.backendRef.cluster`, config, issues);
    }
    if (percent !== undefined && fraction !== undefined) {
      const problem = `percent (${percent}) says the same`;
      issues.add(`${own}.fraction`, 'contradiction', problem, {
        hint: 'Leave out one of the two.',
      });
    }
    const whole = fraction?.denominator ?? defaults.mirrorDenominator.value;
    if (fraction?.numerator !== undefined && fraction.numerator > whole) {
      const problem = `expected at most the denominator (${whole})`;
      issues.add(`${own}.fraction.numerator`, 'out-of-range', problem, { got: fraction.numerator });
    }
    if (filter?.type === 'RequestMirror' && (rule.backendRefs ?? []).length === 0) {
      const problem = 'no backend is asked, so there is nothing to copy';
      const hint = 'Add backendRefs, or leave the filter out.';
      issues.add(`${path}.filters[${index}].type`, 'contradiction', problem, { hint });
    }
  }
}

function checkModifiers(filter: Filter, path: string, issues: IssueList): void {
  for (const key of ['requestHeaderModifier', 'responseHeaderModifier'] as const) {
    const modifier: Holes<HttpHeaderModifierConfig> = filter[key] ?? {};
    const names = [
      ...(modifier.set ?? []).map((field, at) => [field?.name, `set[${at}].name`] as const),
      ...(modifier.add ?? []).map((field, at) => [field?.name, `add[${at}].name`] as const),
      ...(modifier.remove ?? []).map((name, at) => [name, `remove[${at}]`] as const),
    ];
    for (const [name, at] of names) {
      const lower = name?.toLowerCase();
      if (lower === 'host' && key === 'requestHeaderModifier') {
        const hint = "Use a filter of the type 'URLRewrite' with a hostname.";
        const problem = 'Host is no field like the others';
        issues.add(`${path}.${key}.${at}`, 'contradiction', problem, { got: name, hint });
      } else if (lower !== undefined && protectedNames.includes(lower)) {
        const problem = 'this field belongs to the connection or frames the message';
        const hint = 'Leave it out.';
        issues.add(`${path}.${key}.${at}`, 'contradiction', problem, { got: name, hint });
      }
    }
  }
}

function checkPathModifier(
  modifier: Holes<HttpPathModifierConfig> | undefined,
  rule: Rule | null,
  path: string,
  issues: IssueList,
): void {
  if (modifier?.type === undefined) {
    return;
  }
  const prefix = modifier.type === 'ReplacePrefixMatch';
  const [wanted, other] = prefix
    ? (['replacePrefixMatch', 'replaceFullPath'] as const)
    : (['replaceFullPath', 'replacePrefixMatch'] as const);
  if (modifier[wanted] === undefined && !issues.has(`${path}.${wanted}`)) {
    const hint = `Add ${wanted}: '/new'.`;
    issues.add(`${path}.${wanted}`, 'missing', 'this key is missing', { hint });
  }
  if (modifier[other] !== undefined) {
    const problem = `the type is '${modifier.type}'`;
    issues.add(`${path}.${other}`, 'contradiction', problem, { hint: 'Leave it out.' });
  }
  const type = rule?.matches?.find((match) => (match?.path?.type ?? 'PathPrefix') !== 'PathPrefix')
    ?.path?.type;
  if (prefix && type !== undefined) {
    const problem = `a match of this rule has the type '${type}': it has no prefix to replace`;
    const hint = "Match with the type 'PathPrefix' only, or replace the full path.";
    issues.add(`${path}.type`, 'contradiction', problem, { hint });
  }
}

function checkBackends(
  backends: readonly (Holes<HttpBackendRefConfig> | undefined)[],
  rule: Rule,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  for (const [index, backend] of backends.entries()) {
    const own = `${path}.backendRefs[${index}]`;
    if (backend?.cluster !== undefined) {
      checkKnownCluster(backend.cluster, `${own}.cluster`, config, issues);
    }
    checkFilters(backend?.filters ?? [], null, own, issues);
  }
  if (backends.length > 0 && backends.every((backend) => backend?.weight === 0)) {
    const hint = 'Give one a weight, or leave the list out: then the answer is 500.';
    issues.add(`${path}.backendRefs`, 'contradiction', 'nobody takes a share', { hint });
  }
  const answering = rule.filters?.find(
    (filter) => filter?.type === 'RequestRedirect' || filter?.type === 'DirectResponse',
  );
  if (backends.length > 0 && answering !== undefined) {
    const problem = `the filter ${answering.type} answers, so no backend is ever asked`;
    const hint = 'Leave out one of the two.';
    issues.add(`${path}.backendRefs`, 'contradiction', problem, { hint });
  }
}

function checkTimes(rule: Rule, path: string, issues: IssueList): void {
  checkOrder(rule.timeouts?.backendRequest, rule.timeouts?.request, (got) => {
    const problem = `timeouts.request (${rule.timeouts?.request}) ends the request first`;
    const hint = 'Exchange the two.';
    issues.add(`${path}.timeouts.backendRequest`, 'contradiction', problem, { got, hint });
  });
  checkOrder(rule.retry?.backoff, rule.retry?.backoffMax, (got) => {
    const problem = `more than backoffMax (${rule.retry?.backoffMax})`;
    issues.add(`${path}.retry.backoff`, 'contradiction', problem, {
      got,
      hint: 'Exchange the two.',
    });
  });
  const waits = rule.timeouts?.backendRequest ?? rule.timeouts?.responseHeaders ?? null;
  if (
    rule.retry?.on?.includes('timeout') &&
    waits === null &&
    !issues.hasBelow(`${path}.timeouts`)
  ) {
    const problem = 'no attempt of this rule has a timeout';
    const hint = "Add timeouts: { backendRequest: '1s' }.";
    issues.add(`${path}.retry.on`, 'contradiction', problem, { hint });
  }
}

function checkOrder(
  less: string | null | undefined,
  more: string | null | undefined,
  complain: (got: string) => void,
): void {
  const least = typeof less === 'string' ? parseDuration(less) : null;
  const most = typeof more === 'string' ? parseDuration(more) : null;
  if (least?.ok && most?.ok && least.value > most.value) {
    complain(less as string);
  }
}
