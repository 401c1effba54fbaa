// Which rule of some routes a request fits, and why each other one does not count: the precedence of the Gateway API,
// spelled out. Looks at every rule; native/proxy/route_table.cc looks them up.

import { Buffer } from 'node:buffer';
import { parsePattern } from '../base/pattern.ts';
import { patternMatches } from '../base/pattern-automaton.ts';
import type { ResolvedHttpMatch, ResolvedHttpRule, ResolvedValueMatch } from '../config/config.ts';
import type { HeaderFieldSnapshot, RouteMatch, RouteRequest } from '../contract/http-routes.ts';

/** Why a match of a rule is not the one that counts. */
export interface Rejection extends RouteMatch {
  readonly why: string;
}

export interface Routing {
  /** `null`: no rule fits. */
  readonly chosen: RouteMatch | null;
  readonly rejected: readonly Rejection[];
}

const everyRequest: ResolvedHttpMatch = {
  path: { type: 'prefix', value: '/' },
  method: '',
  headers: [],
  queryParams: [],
};

/** A request with its target in parts. */
interface Split {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly HeaderFieldSnapshot[];
}

export function matchRules(rules: readonly ResolvedHttpRule[], request: RouteRequest): Routing {
  const split = splitRequest(request);
  const fitting: { readonly found: RouteMatch; readonly rank: readonly number[] }[] = [];
  const rejected: Rejection[] = [];
  for (const [rule, { hostnames, matches }] of rules.entries()) {
    const host = hostRank(hostnames, split.host);
    for (const [match, wanted] of (matches.length === 0 ? [everyRequest] : matches).entries()) {
      const why = host === null ? hostProblem(hostnames, split) : problemOf(wanted, split);
      if (why === null) {
        const rank = [...(host ?? []), ...matchRank(wanted), -rule, -match];
        fitting.push({ found: { rule, match }, rank });
      } else {
        rejected.push({ rule, match, why });
      }
    }
  }
  fitting.sort((left, right) => compareRanks(right.rank, left.rank));
  const [best, ...others] = fitting;
  for (const { found, rank } of others) {
    const winner = rules[best?.found.rule ?? 0]?.name ?? '';
    rejected.push({ ...found, why: `fits, but ${winner} ${advantage(best?.rank ?? [], rank)}` });
  }
  rejected.sort((left, right) => left.rule - right.rule || left.match - right.match);
  return { chosen: best?.found ?? null, rejected };
}

function splitRequest({ method, authority, path, headers }: RouteRequest): Split {
  const mark = path.indexOf('?');
  return {
    method,
    host: hostOf(authority),
    path: mark < 0 ? path : path.slice(0, mark),
    query: mark < 0 ? '' : path.slice(mark + 1),
    headers,
  };
}

/** In lower case, without a port, and without the dot of a name that is complete. */
function hostOf(authority: string): string {
  const colon = authority.indexOf(':', Math.max(authority.lastIndexOf(']'), 0));
  const host = colon < 0 ? authority : authority.slice(0, colon);
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  return bare.length > 255 ? '' : bare.toLowerCase();
}

/** How exact the best of the names is; `null` when none fits. */
function hostRank(hostnames: readonly string[], host: string): readonly [number, number] | null {
  if (hostnames.length === 0) {
    return [0, 0];
  }
  if (hostnames.includes(host)) {
    return [2, 0];
  }
  const lengths = hostnames
    .filter((name) => name.startsWith('*.') && host.endsWith(name.slice(1)))
    .filter((name) => host.length > name.length - 1)
    .map((name) => name.length);
  return lengths.length === 0 ? null : [1, Math.max(...lengths)];
}

function hostProblem(hostnames: readonly string[], { host }: Split): string {
  return `the host '${host}' is none of ${hostnames.join(', ')}`;
}

const pathRanks = { exact: 3, regex: 2, prefix: 1 } as const;

function matchRank({ path, method, headers, queryParams }: ResolvedHttpMatch): readonly number[] {
  const prefixLength = path.type === 'prefix' ? withoutSlash(path.value).length : 0;
  return [
    pathRanks[path.type],
    prefixLength,
    method === '' ? 0 : 1,
    headers.length,
    queryParams.length,
  ];
}

const advantages = [
  'names the host more exactly',
  'names more of the host',
  'has a more exact kind of path',
  'has a longer prefix',
  'names the method',
  'names more headers',
  'names more query parameters',
  'comes first',
  'comes first',
];

function compareRanks(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

function advantage(best: readonly number[], other: readonly number[]): string {
  return advantages[best.findIndex((value, index) => value !== other[index])] ?? 'comes first';
}

/** The first thing that does not fit; `null` when all does. */
function problemOf(
  { path, method, headers, queryParams }: ResolvedHttpMatch,
  request: Split,
): string | null {
  if (!pathFits(path, request.path)) {
    const words = { exact: 'is not', prefix: 'does not begin with', regex: 'does not match' };
    return `the path '${request.path}' ${words[path.type]} '${path.value}'`;
  }
  if (method !== '' && method !== request.method) {
    return `the method is ${request.method}, not ${method}`;
  }
  for (const wanted of headers) {
    const values = request.headers
      .filter(({ name }) => name.toLowerCase() === wanted.name)
      .map(({ value }) => value);
    const why = valueProblem(wanted, values.length === 0 ? null : values.join(','), 'header');
    if (why !== null) {
      return why;
    }
  }
  for (const wanted of queryParams) {
    const why = valueProblem(wanted, queryValue(request.query, wanted.name), 'query parameter');
    if (why !== null) {
      return why;
    }
  }
  return null;
}

function pathFits({ type, value }: ResolvedHttpMatch['path'], path: string): boolean {
  const prefix = withoutSlash(value);
  if (!path.startsWith('/')) {
    return type === 'prefix' && prefix === '';
  }
  switch (type) {
    case 'exact':
      return path === value;
    case 'prefix':
      return path === prefix || path.startsWith(`${prefix}/`);
    case 'regex':
      return matchesPattern(value, path);
  }
}

function withoutSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

function valueProblem(
  { name, value, regex }: ResolvedValueMatch,
  found: string | null,
  what: string,
): string | null {
  if (found === null) {
    return `there is no ${what} '${name}'`;
  }
  const fits = regex ? matchesPattern(value, found) : found === value;
  const verb = regex ? 'does not match' : 'is not';
  return fits ? null : `the ${what} '${name}' is '${found}', which ${verb} '${value}'`;
}

function matchesPattern(pattern: string, text: string): boolean {
  const parsed = parsePattern(pattern);
  return parsed.ok && patternMatches(parsed.value, Buffer.from(text));
}

/** Of the first parameter with the name, decoded; `null` when there is none. */
function queryValue(query: string, name: string): string | null {
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (query !== '' && decoded(key) === name) {
      return equals < 0 ? '' : decoded(pair.slice(equals + 1));
    }
  }
  return null;
}

/** What is no escape stays as it is. */
function decoded(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const hex = /^%([0-9A-Fa-f]{2})/.exec(text.slice(at, at + 3));
    if (hex !== null) {
      bytes.push(Number.parseInt(hex[1] ?? '', 16));
      at += 2;
    } else if (text[at] === '+') {
      bytes.push(0x20);
    } else {
      bytes.push(...Buffer.from(text.charAt(at)));
    }
  }
  return Buffer.from(bytes).toString();
}
