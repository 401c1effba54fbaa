// One line of the exposition over time: what the runs of several workers add up to under one label set. A run
// can leave (its worker gave it up) or move to other labels (its listener got another address); what it counted
// until then stays, so that a counter never goes down while its series lives.

/** The cells of a run that one group of families shows. */
export interface Share {
  readonly group: SeriesGroup;
  /** Index of the first cell within the run. */
  readonly first: number;
  readonly labels: () => string;
  series: Series | null;
  /** What the run had counted before it came to this series. */
  readonly origin: Float64Array;
}

export class Series {
  readonly labels: string;
  /** Counted by runs that are no longer here. */
  readonly base: Float64Array;
  /** The values of each run that is here, with its share. */
  readonly members = new Map<Share, Float64Array>();
  /** When the last run left; used only while there is none. */
  leftAt = 0;

  constructor(labels: string, cellCount: number) {
    this.labels = labels;
    this.base = new Float64Array(cellCount);
  }
}

/** All series of one label set shape, with the same cells. */
export class SeriesGroup {
  readonly #cellCount: number;
  readonly #gauges: ReadonlySet<number>;
  readonly #series = new Map<string, Series>();

  /** `gauges` are the indexes of cells that go up and down; the others only go up. */
  constructor(cellCount: number, gauges: readonly number[]) {
    this.#cellCount = cellCount;
    this.#gauges = new Set(gauges);
  }

  all(): Iterable<Series> {
    return this.#series.values();
  }

  /** What the series shows for a cell now. */
  value(series: Series, cell: number): number {
    const gauge = this.#gauges.has(cell);
    let sum = gauge ? 0 : (series.base[cell] ?? 0);
    for (const [share, values] of series.members) {
      sum += (values[share.first + cell] ?? 0) - (gauge ? 0 : (share.origin[cell] ?? 0));
    }
    return sum;
  }

  /** Puts a run under its labels. `values` is read at each `value`. */
  attach(share: Share, values: Float64Array): void {
    const labels = share.labels();
    let series = this.#series.get(labels);
    if (series === undefined) {
      series = new Series(labels, this.#cellCount);
      this.#series.set(labels, series);
    }
    series.members.set(share, values);
    share.series = series;
  }

  /** Takes a run out. What it counted stays when the series has other runs or `keep` asks for it. */
  detach(share: Share, keep: { readonly at: number } | null): void {
    const series = share.series;
    const values = series?.members.get(share);
    if (series === null || values === undefined) {
      return;
    }
    series.members.delete(share);
    share.series = null;
    if (series.members.size === 0 && keep === null) {
      this.#series.delete(series.labels);
      return;
    }
    for (let cell = 0; cell < this.#cellCount; cell++) {
      const value = values[share.first + cell] ?? 0;
      series.base[cell] = (series.base[cell] ?? 0) + value - (share.origin[cell] ?? 0);
      share.origin[cell] = value;
    }
    series.leftAt = keep?.at ?? 0;
  }

  /** Drops series that no run has been under since `before`. */
  expire(before: number): void {
    for (const [labels, series] of this.#series) {
      if (series.members.size === 0 && series.leftAt <= before) {
        this.#series.delete(labels);
      }
    }
  }
}
