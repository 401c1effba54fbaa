// A frame as lines of text: a line for each cluster, indented ones for its endpoints. Knows the width and the height
// that there are; what does not fit is counted, not wrapped.

import type { UnavailableCause } from '../../contract/events.ts';
import type { ClusterRow, EndpointRow, Frame, Rates } from './rates.ts';

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
const widths = [10, 9, 8, 8, 8, 10, 10, 10] as const;

export function tableLines(frame: Frame, options: TableOptions): readonly string[] {
  const nameColumns = nameWidth(frame, options.columns);
  const line = (name: string, cells: readonly string[]): string => {
    const shown = name.length > nameColumns ? `${name.slice(0, nameColumns - 1)}~` : name;
    const rest = cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('');
    return `${shown.padEnd(nameColumns)}${rest}`.slice(0, options.columns);
  };
  const rows = frame.clusters.flatMap((cluster) => [
    { text: line(cluster.name, clusterCells(cluster)), bad: cluster.availableCount === 0 },
    ...cluster.endpoints.map((endpoint) => ({
      text: line(`  ${endpoint.address}`, endpointCells(endpoint)),
      bad: !endpoint.available,
    })),
  ]);
  const room = options.rows === null ? rows.length : Math.max(1, options.rows - 2);
  const shown = rows.length > room ? rows.slice(0, room) : rows;
  const hiddenCount = rows.length - shown.length;
  return [
    line('CLUSTER / ENDPOINT', columns),
    ...shown.map(({ text, bad }) => (bad && options.colour ? `\u001b[31m${text}\u001b[39m` : text)),
    ...(hiddenCount > 0 || frame.truncated
      ? [`... ${hiddenCount} more${frame.truncated ? ', and those that the server left out' : ''}`]
      : []),
  ];
}

function nameWidth({ clusters }: Frame, columnCount: number): number {
  const longest = Math.max(
    nameColumnsMin,
    ...clusters.map(({ name }) => name.length),
    ...clusters.map(({ endpoints }) => longestAddress(endpoints) + 2),
  );
  const left = columnCount - widths.reduce((sum, width) => sum + width, 0);
  return Math.max(nameColumnsMin, Math.min(longest + 1, nameColumnsMax, left));
}

/** Spreading 10,000 addresses into Math.max would be too many arguments. */
function longestAddress(endpoints: readonly EndpointRow[]): number {
  return endpoints.reduce((longest, { address }) => Math.max(longest, address.length), 0);
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
