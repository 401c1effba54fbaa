// Rules of routes -> what crosses: regular expressions as tables, clusters as numbers.

import { parsePattern } from '../base/pattern.ts';
import type { PatternTable } from '../base/pattern-automaton.ts';
import type { ResolvedHttpRule, ResolvedValueMatch } from '../config/config.ts';
import type { HttpRuleSnapshot, ValueMatchSnapshot } from '../contract/http-routes.ts';

export interface RouteIds {
  readonly ruleId: (name: string) => number;
  readonly clusterId: (name: string) => number;
}

export function compileRules(
  rules: readonly ResolvedHttpRule[],
  { ruleId, clusterId }: RouteIds,
): HttpRuleSnapshot[] {
  return rules.map((rule) => ({
    id: ruleId(rule.name),
    name: rule.name,
    hostnames: rule.hostnames,
    matches: rule.matches.map(({ path, method, headers, queryParams }) => ({
      path: {
        type: path.type,
        value: path.value,
        pattern: path.type === 'regex' ? patternOf(path.value) : null,
      },
      method,
      headers: headers.map(compileValueMatch),
      queryParams: queryParams.map(compileValueMatch),
    })),
    redirect: rule.redirect,
    directResponse: rule.directResponse,
    rewrite: rule.rewrite,
    fault: rule.fault,
    rateLimit: rule.rateLimit,
    retry: rule.retry,
    timeouts: rule.timeouts,
    mirrors: rule.mirrors.map(({ cluster, share, timeoutMs, requestHeaders }) => ({
      clusterId: clusterId(cluster),
      share,
      timeoutMs,
      requestHeaders,
    })),
    backendRefs: rule.backendRefs.map(({ cluster, weight, requestHeaders, responseHeaders }) => ({
      clusterId: clusterId(cluster),
      weight,
      requestHeaders,
      responseHeaders,
    })),
  }));
}

function compileValueMatch({ name, value, regex }: ResolvedValueMatch): ValueMatchSnapshot {
  return { name, value, pattern: regex ? patternOf(value) : null };
}

/** The check has let through what can be compiled only. */
function patternOf(text: string): PatternTable {
  const parsed = parsePattern(text);
  if (!parsed.ok) {
    throw new Error(`unchecked pattern in compile: ${parsed.problem}`);
  }
  return parsed.value;
}
