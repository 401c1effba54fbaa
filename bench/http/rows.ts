// The rows of the bench: what is asked, how often at once, and how long the answers are.

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  readonly bodyBytes: number;
}

const kib = 1024;

export const rows: readonly Row[] = [
  { name: 'get-1', title: 'GET, 1 connection', connections: 1, bodyBytes: 12 },
  { name: 'get-50', title: 'GET, 50 connections', connections: 50, bodyBytes: 12 },
  { name: 'get-500', title: 'GET, 500 connections', connections: 500, bodyBytes: 12 },
  {
    name: 'body-10k',
    title: 'GET of 10 KiB, 50 connections',
    connections: 50,
    bodyBytes: 10 * kib,
  },
  { name: 'body-1m', title: 'GET of 1 MiB, 8 connections', connections: 8, bodyBytes: kib * kib },
];
