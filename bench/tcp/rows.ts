// The rows of the bench: what is done to every peer, and in which units it is told.

import type { Figures } from '../support/leash.ts';

export const rowNames = [
  'exact',
  'ping-pong-1',
  'ping-pong-50',
  'bulk-1',
  'bulk-8',
  'connect',
  'latency',
  'latency-half',
  'memory',
  'start',
] as const;

export type RowName = (typeof rowNames)[number];

export function isRowName(name: string): name is RowName {
  return (rowNames as readonly string[]).includes(name);
}

// What one measurement yields; absent where a row does not have it. cpuPerUnit is the CPU time of
// the proxy's processes for one unit of the row.
export type Metric =
  | 'throughput'
  | 'p50Us'
  | 'p99Us'
  | 'p999Us'
  // How late the load itself was, part of the latencies of an open loop.
  | 'lagP99Us'
  | 'cpuPerUnit'
  | 'exactBytes'
  | 'idleBytes'
  | 'pairBytes'
  | 'leftBytes'
  | 'startMs';

export type Sample = Partial<Record<Metric, number>>;

export type ServiceName = 'echo' | 'sink' | 'check' | 'reply-close';

// How a row is measured: by one run of the load client against a running peer, or in a way of its
// own that starts the peer itself (tcp/memory.ts, tcp/start.ts).
export type Method = 'client' | 'memory' | 'start';

// Which CPUs a row uses, unless --pin none. shared: load, server and proxy on one, so that no message
// pays for waking another CPU, which in a virtual machine costs more than the proxy itself. split: the
// proxy on one, load and server on another, so that a stream is not cut into turns. free: any.
export type Placement = 'shared' | 'split' | 'free';

export interface Row {
  readonly name: RowName;
  readonly title: string;
  // What throughput counts per second and what CPU time is given for.
  readonly unit: 'message' | 'GiB' | 'connection' | 'none';
  readonly service: ServiceName;
  readonly method: Method;
  readonly placement: Placement;
  // The floor that the row's ratios refer to.
  readonly floor: 'copy-floor' | 'splice-floor';
  // Of the load client; empty for the other methods. Rates and times are added when it runs.
  readonly load: readonly string[];
}

const echo = {
  unit: 'message',
  service: 'echo',
  method: 'client',
  placement: 'shared',
  floor: 'copy-floor',
} as const;
const bulk = {
  unit: 'GiB',
  service: 'sink',
  method: 'client',
  placement: 'split',
  floor: 'splice-floor',
} as const;
const none = {
  unit: 'none',
  service: 'echo',
  placement: 'free',
  floor: 'copy-floor',
  load: [],
} as const;
// Enough connections that a proxy cannot treat them as one, few enough that a reply finds its
// connection's cache lines warm.
const openLoop = ['open-loop', '--connections', '16', '--awake', '1'];

export const rows: readonly Row[] = [
  {
    ...bulk,
    name: 'exact',
    title: '3 streams of 32 MiB, each byte compared at the far end',
    service: 'check',
    load: ['bulk', '--connections', '3', '--bytes', String(32 * 1024 * 1024)],
  },
  {
    ...echo,
    name: 'ping-pong-1',
    title: '64 B ping-pong, 1 connection',
    load: ['ping-pong', '--connections', '1'],
  },
  {
    ...echo,
    name: 'ping-pong-50',
    title: '64 B ping-pong, 50 connections',
    load: ['ping-pong', '--connections', '50'],
  },
  { ...bulk, name: 'bulk-1', title: 'bulk, 1 stream', load: ['bulk', '--connections', '1'] },
  { ...bulk, name: 'bulk-8', title: 'bulk, 8 streams', load: ['bulk', '--connections', '8'] },
  {
    ...echo,
    name: 'connect',
    title: 'new connections: connect, 1 byte each way, close; 16 under way',
    unit: 'connection',
    service: 'reply-close',
    load: ['connect-rate', '--connections', '16'],
  },
  { ...echo, name: 'latency', title: '64 B messages at one constant rate', load: openLoop },
  {
    ...echo,
    name: 'latency-half',
    title: "64 B messages at half of each peer's own rate in ping-pong-1",
    load: openLoop,
  },
  {
    ...none,
    name: 'memory',
    title: 'private dirty memory: idle, and for each idle pair (slope from 1,000 to 8,000)',
    method: 'memory',
  },
  {
    ...none,
    name: 'start',
    title: 'from the start of the process to the first byte carried',
    method: 'start',
  },
];

const bytesPerGiB = 2 ** 30;

// Turns what the load client printed into the row's units: messages or connections with CPU time in
// microseconds, GiB with CPU time in seconds.
export function sampleOf(row: Row, figures: Figures): Sample {
  const { seconds = 0, units = 0, cpuSeconds = 0, processes = 0 } = figures;
  if (row.name === 'exact') return { exactBytes: figures['bytesSent'] ?? 0 };
  const amount = row.unit === 'GiB' ? units / bytesPerGiB : units;
  const sample: Sample = { throughput: amount / seconds };
  if (processes > 0) sample.cpuPerUnit = (cpuSeconds / amount) * (row.unit === 'GiB' ? 1 : 1e6);
  if (figures['latencyP50Us'] !== undefined) {
    sample.p50Us = figures['latencyP50Us'];
    sample.p99Us = figures['latencyP99Us'] ?? 0;
    sample.p999Us = figures['latencyP999Us'] ?? 0;
  }
  if (figures['lagP99Us'] !== undefined) sample.lagP99Us = figures['lagP99Us'];
  return sample;
}
