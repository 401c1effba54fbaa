// A route: a path and what it answers to each method. Routes know nothing of HTTP but words and numbers, so that
// each is tested by calling it.

import type { AdminView } from './view.ts';

export interface AdminRequest {
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty when there was none. */
  readonly body: string;
}

export interface AdminResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (
  request: AdminRequest,
  view: AdminView,
) => AdminResponse | Promise<AdminResponse>;

export type Method = 'GET' | 'POST' | 'PUT';

export interface Route {
  readonly path: string;
  /** For the index: what it is for. */
  readonly about: string;
  /** HEAD comes with GET. */
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
}

/** Methods that change state: only the host itself may use them. */
export const changingMethods: ReadonlySet<string> = new Set<Method>(['POST', 'PUT']);

export function textResponse(status: number, text: string): AdminResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

export function jsonResponse(status: number, value: unknown): AdminResponse {
  const body = `${JSON.stringify(value, null, 2)}\n`;
  return { status, contentType: 'application/json; charset=utf-8', body };
}

/** A whole number of 1 to `max` from the query. `null` when it is something else. */
export function countParameter(
  query: URLSearchParams,
  name: string,
  limits: { readonly default: number; readonly max: number },
): number | null {
  const text = query.get(name);
  if (text === null) {
    return limits.default;
  }
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= limits.max ? count : null;
}
