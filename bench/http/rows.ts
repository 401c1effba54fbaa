// The rows of the bench: what is asked, how often at once, how long the answers are, out of how many routes.

export interface Row {
  readonly name: string;
  readonly title: string;
  /** closed: wrk, as fast as answers come. half, common: open loop, at half of each one's own rate in get-50, at one rate. */
  readonly load: 'closed' | 'half' | 'common';
  readonly request: 'get' | 'pipelined' | 'post' | 'chunked';
  readonly connections: number;
  /** Of the answer, and of the request where it has one. */
  readonly bodyBytes: number;
  /** Routes that the proxies choose among, by the path; 0: everything goes to one origin, and nothing is chosen. */
  readonly routes: number;
}

const kib = 1024;

/** Whose rate is the peak of a proxy. */
export const peakRow = 'get-50';

/** How many requests of a connection are under way in the pipelined row. */
export const pipelineDepth = 16;

/** What a route is chosen by: the first segment of the path. */
export const routePrefix = (index: number) => `/service-${index}`;

/** Which server is behind the proxies: nginx answers out of memory; bodies are sent back by our own. */
export function originOf({ request }: Row): 'files' | 'echo' {
  return request === 'post' || request === 'chunked' ? 'echo' : 'files';
}

/** Neither the first nor the last route, so that a list is read halfway. */
export function pathOf({ name, request, routes }: Row): string {
  if (request === 'chunked') return '/chunked';
  return routes === 0 ? `/${name}` : `${routePrefix(routes / 2)}/${name}`;
}

const get = {
  load: 'closed',
  request: 'get',
  connections: 50,
  bodyBytes: 12,
  routes: 0,
} as const;

export const rows: readonly Row[] = [
  { ...get, name: 'get-1', title: 'GET, 1 connection', connections: 1 },
  { ...get, name: peakRow, title: 'GET, 50 connections' },
  { ...get, name: 'get-500', title: 'GET, 500 connections', connections: 500 },
  { ...get, name: 'body-10k', title: 'GET of 10 KiB, 50 connections', bodyBytes: 10 * kib },
  {
    ...get,
    name: 'body-1m',
    title: 'GET of 1 MiB, 8 connections',
    connections: 8,
    bodyBytes: kib * kib,
  },
  { ...get, name: 'routes-1000', title: 'GET, 50 connections, 1,000 routes', routes: 1_000 },
  {
    ...get,
    name: 'pipelined',
    title: `GET, 50 connections, ${pipelineDepth} under way`,
    request: 'pipelined',
  },
  {
    ...get,
    name: 'post-10k',
    title: 'POST echo of 10 KiB, 50 conn.',
    request: 'post',
    bodyBytes: 10 * kib,
  },
  {
    ...get,
    name: 'post-1m',
    title: 'POST echo of 1 MiB, 8 connections',
    request: 'post',
    connections: 8,
    bodyBytes: kib * kib,
  },
  {
    ...get,
    name: 'chunked-10k',
    title: 'the same in chunks of 1 KiB',
    request: 'chunked',
    bodyBytes: 10 * kib,
  },
  { ...get, name: 'latency', title: 'open loop, one rate for all', load: 'common' },
  { ...get, name: 'latency-half', title: 'open loop, half of own peak', load: 'half' },
];
