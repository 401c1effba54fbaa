// The rows of the bench: what is asked, how often at once, how long the answers are, out of how many routes.

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  readonly bodyBytes: number;
  /** Routes that the proxies choose among, by the path; 0: everything goes to one origin, and nothing is chosen. */
  readonly routes: number;
}

const kib = 1024;

/** What a route is chosen by: the first segment of the path. */
export const routePrefix = (index: number) => `/service-${index}`;

/** Neither the first nor the last, so that a list is read halfway. */
export function pathOf({ name, routes }: Row): string {
  return routes === 0 ? `/${name}` : `${routePrefix(routes / 2)}/${name}`;
}

export const rows: readonly Row[] = [
  { name: 'get-1', title: 'GET, 1 connection', connections: 1, bodyBytes: 12, routes: 0 },
  { name: 'get-50', title: 'GET, 50 connections', connections: 50, bodyBytes: 12, routes: 0 },
  { name: 'get-500', title: 'GET, 500 connections', connections: 500, bodyBytes: 12, routes: 0 },
  {
    name: 'body-10k',
    title: 'GET of 10 KiB, 50 connections',
    connections: 50,
    bodyBytes: 10 * kib,
    routes: 0,
  },
  {
    name: 'body-1m',
    title: 'GET of 1 MiB, 8 connections',
    connections: 8,
    bodyBytes: kib * kib,
    routes: 0,
  },
  {
    name: 'routes-1000',
    title: 'GET, 50 connections, 1,000 routes',
    connections: 50,
    bodyBytes: 12,
    routes: 1_000,
  },
];
