// A frame as lines of text: a line for each cluster, indented ones for its endpoints, then one for each route of HTTP.
// Knows the width and the height that there are; what does not fit is counted, not wrapped.

import type { UnavailableCause } from '../../contract/events.ts';
import type { ClusterRow, EndpointRow, Frame, Rates, RouteRow } from './rates.ts';

export interface TableSize {
  readonly columns: number;
  /** Lines in all; `null` for as many as it takes. */
  readonly rows: number | null;
}

export interface TableOptions extends TableSize {
  readonly colour: boolean;
}

const nameColumnsMin = 20;
const nameColumnsMax = 48;
const columns = ['STATE', 'CONN/S', 'OPEN', 'FAIL/S', 'FAILED', 'READ/S', 'WRITE/S', 'CONNECT'];
const routeColumns = ['REQ/S', 'SUCCESS', 'P50', 'P95', 'P99', 'READ/S', 'WRITE/S', 'RETRY/S'];
const widths = [10, 9, 8, 8, 8, 10, 10, 10] as const;
const routeWidths = [10, 9, 9, 9, 9, 10, 10, 8] as const;

interface Row {
  readonly text: string;
  readonly bad: boolean;
}

export function tableLines(frame: Frame, options: TableOptions): readonly string[] {
  const nameColumns = nameWidth(frame, options.columns);
  const endpoints = endpointRows(frame, nameColumns);
  const routes = frame.routes.map((route) => ({
    text: line(nameColumns, routeName(route), routeCells(route), routeWidths),
    bad: route.successRate === 0,
  }));
  const heads = routes.length > 0 ? 3 : 1;
  const room = options.rows === null ? Number.POSITIVE_INFINITY : options.rows - heads - 1;
  const routeRoom = Math.min(
    routes.length,
    Math.max(Math.floor(room / 2), room - endpoints.length),
  );
  const shownRoutes = routes.slice(0, Math.max(0, routeRoom));
  const shownEndpoints = endpoints.slice(0, Math.max(1, room - shownRoutes.length));
  const hiddenCount = endpoints.length + routes.length - shownEndpoints.length - shownRoutes.length;
  const cut = (text: string): string => painted({ text, bad: false }, options);
  return [
    cut(line(nameColumns, 'CLUSTER / ENDPOINT', columns, widths)),
    ...shownEndpoints.map((row) => painted(row, options)),
    ...(shownRoutes.length > 0
      ? ['', cut(line(nameColumns, 'ROUTE > CLUSTER', routeColumns, routeWidths))]
      : []),
    ...shownRoutes.map((row) => painted(row, options)),
    ...(hiddenCount > 0 || frame.truncated
      ? [`... ${hiddenCount} more${frame.truncated ? ', and those that the server left out' : ''}`]
      : []),
  ];
}

function line(
  nameColumns: number,
  name: string,
  cells: readonly string[],
  cellWidths: readonly number[],
): string {
  const shown = name.length > nameColumns ? `${name.slice(0, nameColumns - 1)}~` : name;
  const rest = cells.map((cell, index) => cell.padStart(cellWidths[index] ?? 0)).join('');
  return `${shown.padEnd(nameColumns)}${rest}`;
}

function painted({ text, bad }: Row, { columns: columnCount, colour }: TableOptions): string {
  const cut = text.slice(0, columnCount);
  return bad && colour ? `\u001b[31m${cut}\u001b[39m` : cut;
}

function endpointRows(frame: Frame, nameColumns: number): readonly Row[] {
  return frame.clusters.flatMap((cluster) => [
    {
      text: line(nameColumns, cluster.name, clusterCells(cluster), widths),
      bad: cluster.availableCount === 0,
    },
    ...cluster.endpoints.map((endpoint) => ({
      text: line(nameColumns, `  ${endpoint.address}`, endpointCells(endpoint), widths),
      bad: !endpoint.available,
    })),
  ]);
}

function nameWidth({ clusters, routes }: Frame, columnCount: number): number {
  const longest = Math.max(
    nameColumnsMin,
    ...clusters.map(({ name }) => name.length),
    routes.reduce((most, route) => Math.max(most, routeName(route).length), 0),
    ...clusters.map(({ endpoints }) => longestAddress(endpoints) + 2),
  );
  const sumOf = (all: readonly number[]): number => all.reduce((sum, width) => sum + width, 0);
  const left = columnCount - (routes.length > 0 ? sumOf(routeWidths) : sumOf(widths));
  return Math.max(nameColumnsMin, Math.min(longest + 1, nameColumnsMax, left));
}

/** Spreading 10,000 addresses into Math.max would be too many arguments. */
function longestAddress(endpoints: readonly EndpointRow[]): number {
  return endpoints.reduce((longest, { address }) => Math.max(longest, address.length), 0);
}

function routeName({ route, cluster }: RouteRow): string {
  return `${route ?? '(no route)'} > ${cluster ?? '(weft)'}`;
}

function routeCells(route: RouteRow): readonly string[] {
  const { requestsPerSecond, retriesPerSecond, successRate, p50Ms, p95Ms, p99Ms } = route;
  const { readBytesPerSecond, writeBytesPerSecond } = route;
  return [
    formatRate(requestsPerSecond),
    successRate === null ? '-' : `${(successRate * 100).toFixed(successRate === 1 ? 0 : 2)} %`,
    ...[p50Ms, p95Ms, p99Ms].map((ms) => formatTime(ms === null ? null : Math.round(ms * 1_000))),
    formatBytes(readBytesPerSecond),
    formatBytes(writeBytesPerSecond),
    formatRate(retriesPerSecond),
  ];
}

function clusterCells(cluster: ClusterRow): readonly string[] {
  const { availableCount, endpoints, connectionsNow, connectFailuresTotal, connectUs } = cluster;
  return cells(cluster, {
    state: `${availableCount}/${endpoints.length}`,
    connectionsNow,
    connectFailuresTotal,
    connectUs,
  });
}

function endpointCells(endpoint: EndpointRow): readonly string[] {
  const { connectionsNow, connectFailuresTotal, connectUs } = endpoint;
  const state = stateOf(endpoint);
  return cells(endpoint, { state, connectionsNow, connectFailuresTotal, connectUs });
}

/** What stands most against an endpoint; one that fails may still be picked. */
function stateOf({ available, ejected, causes }: EndpointRow): string {
  if (causes.includes('health_check' satisfies UnavailableCause)) {
    return 'unhealthy';
  }
  if (ejected) {
    return 'ejected';
  }
  return available ? 'up' : 'failing';
}

interface Numbers {
  readonly state: string;
  readonly connectionsNow: number;
  readonly connectFailuresTotal: number;
  readonly connectUs: number | null;
}

function cells(rates: Rates, numbers: Numbers): readonly string[] {
  return [
    numbers.state,
    formatRate(rates.connectionsPerSecond),
    formatShort(numbers.connectionsNow),
    formatRate(rates.connectFailuresPerSecond),
    formatShort(numbers.connectFailuresTotal),
    formatBytes(rates.readBytesPerSecond),
    formatBytes(rates.writeBytesPerSecond),
    formatTime(numbers.connectUs),
  ];
}

function formatRate(rate: number | null): string {
  if (rate === null) {
    return '-';
  }
  return rate > 0 && rate < 10 ? rate.toFixed(1) : formatShort(rate);
}

/** At most six characters: 12345, 123k, 12.3M. */
function formatShort(value: number): string {
  return value < 99_999.5
    ? String(Math.round(value))
    : scaled(value, 1_000, ['', 'k', 'M', 'G', 'T']);
}

function formatBytes(bytes: number | null): string {
  return bytes === null ? '-' : scaled(bytes, 1_024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], ' ');
}

function scaled(value: number, step: number, units: readonly string[], space = ''): string {
  let rest = value;
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  const digits = unit > 0 && rest < 100 ? 1 : 0;
  return `${rest.toFixed(digits)}${space}${units[unit]}`;
}

function formatTime(us: number | null): string {
  if (us === null) {
    return '-';
  }
  return us < 10_000 ? `${us} us` : `${(us / 1_000).toFixed(us < 100_000 ? 1 : 0)} ms`;
}
