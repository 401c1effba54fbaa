// Numbers for people.

/** Whole, with thousands apart: 12,345. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Microseconds below ten milliseconds, else milliseconds; `-` for none. */
export function formatUs(us: number | null): string {
  if (us === null) {
    return '-';
  }
  return us < 10_000 ? `${formatCount(us)} us` : `${formatCount(us / 1_000)} ms`;
}
