// Routes of HTTP as they cross to native code: one entry for each rule of each route, in the order in which they were
// written. Same fields, order and rules as lib/contract/snapshot.ts.

import type { PatternTable } from '../base/pattern-automaton.ts';

/** Taken unread when the listener had the same revision before. */
export interface HttpRoutesSnapshot {
  readonly revision: number;
  readonly rules: readonly HttpRuleSnapshot[];
}

export interface HttpRuleSnapshot {
  /** Stable for one name for as long as the process lives. */
  readonly id: number;
  readonly name: string;
  /** In lower case, whole or behind `*.`; empty: any host, and none. */
  readonly hostnames: readonly string[];
  /** One of them must fit; empty: every request does. */
  readonly matches: readonly HttpMatchSnapshot[];
  /** `null`: not redirected. */
  readonly redirect: RedirectSnapshot | null;
  readonly directResponse: DirectResponseSnapshot | null;
  readonly rewrite: UrlRewriteSnapshot | null;
  readonly fault: FaultSnapshot | null;
  readonly rateLimit: RateLimitSnapshot | null;
  /** `null`: what an endpoint answers goes on, whatever it is. */
  readonly retry: RetrySnapshot | null;
  readonly timeouts: HttpTimeoutsSnapshot;
  readonly mirrors: readonly RequestMirrorSnapshot[];
  /** Empty: 500, unless the rule answers by itself. */
  readonly backendRefs: readonly HttpBackendRefSnapshot[];
}

/** All of it must fit. */
export interface HttpMatchSnapshot {
  readonly path: PathMatchSnapshot;
  /** Empty: any. */
  readonly method: string;
  readonly headers: readonly ValueMatchSnapshot[];
  readonly queryParams: readonly ValueMatchSnapshot[];
}

export type PathMatchType = 'exact' | 'prefix' | 'regex';

export interface PathMatchSnapshot {
  readonly type: PathMatchType;
  readonly value: string;
  /** Of `regex` only. */
  readonly pattern: PatternTable | null;
}

export interface ValueMatchSnapshot {
  /** Of a header: in lower case. */
  readonly name: string;
  readonly value: string;
  /** `null`: the value is exactly this. */
  readonly pattern: PatternTable | null;
}

export interface PathRewriteSnapshot {
  /** What matched is replaced, and not the whole path. */
  readonly prefixOnly: boolean;
  readonly value: string;
}

export interface UrlRewriteSnapshot {
  /** Empty: as it came. */
  readonly hostname: string;
  readonly path: PathRewriteSnapshot | null;
}

/** Empty parts and `null` are those of the request. */
export interface RedirectSnapshot {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number | null;
  readonly path: PathRewriteSnapshot | null;
  readonly status: number;
}

export interface DirectResponseSnapshot {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Shares are of a million requests. */
export interface FaultSnapshot {
  readonly delayMs: number;
  readonly delayShare: number;
  readonly abortStatus: number;
  readonly abortShare: number;
}

export interface RateLimitSnapshot {
  /** Between two requests, over all workers; microseconds. */
  readonly intervalUs: number;
  readonly burst: number;
}

export interface RetrySnapshot {
  /** Beside the first attempt, at least 1. */
  readonly attemptsMax: number;
  /** In order. */
  readonly statuses: readonly number[];
  readonly onReset: boolean;
  readonly onTimeout: boolean;
  /** Also of methods that are not idempotent. */
  readonly anyMethod: boolean;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

/** `null`: no limit. */
export interface HttpTimeoutsSnapshot {
  readonly requestMs: number | null;
  readonly backendRequestMs: number | null;
  readonly responseHeadMs: number | null;
}

export interface HeaderFieldSnapshot {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

export interface HeaderEditsSnapshot {
  readonly set: readonly HeaderFieldSnapshot[];
  readonly add: readonly HeaderFieldSnapshot[];
  /** In lower case. */
  readonly remove: readonly string[];
}

export interface HttpBackendRefSnapshot {
  readonly clusterId: number;
  /** 1 to 1,000,000, relative to the others. */
  readonly weight: number;
  /** Those of the rule among them. */
  readonly requestHeaders: HeaderEditsSnapshot;
  readonly responseHeaders: HeaderEditsSnapshot;
}

/** Who gets copies of requests. */
export interface RequestMirrorSnapshot {
  readonly clusterId: number;
  /** Of a million requests. */
  readonly share: number;
  /** From the end of a request to that of its response. */
  readonly timeoutMs: number;
  /** Those of the rule. */
  readonly requestHeaders: HeaderEditsSnapshot;
}

/** What a route may look at. */
export interface RouteRequest {
  readonly method: string;
  /** With a port or without. */
  readonly authority: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly HeaderFieldSnapshot[];
}

/** Which rule fits, and which of its matches. */
export interface RouteMatch {
  readonly rule: number;
  readonly match: number;
}
