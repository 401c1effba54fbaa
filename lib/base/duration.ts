// Durations as people write them ('250ms', '1h30m') and as code uses them (whole milliseconds). The grammar
// is the Gateway API's (GEP-2257): one to four numbers of at most five digits, each with h, m, s or ms.

import { bad, good, type Parsed } from './parsed.ts';

const grammar = /^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/;
const part = /(\d+)(h|ms|m|s)/g;
const partDigitsMax = 5;

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

export function parseDuration(text: string): Parsed<number> {
  if (!grammar.test(text)) {
    return bad(
      'bad-duration',
      "expected a duration such as '250ms', '5s' or '1h30m'",
      hintFor(text),
    );
  }
  let ms = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(part)) {
    ms += Number(digits) * (unitMs[unit] ?? 0);
  }
  return good(ms);
}

/** The shortest text that parseDuration reads as `ms`. REQUIRES: a whole number of milliseconds of at most
 * 99,999 hours. */
export function formatDuration(ms: number): string {
  if (ms === 0) {
    return '0s';
  }
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Math.floor(ms / 1_000) % 60;
  const rest = ms % 1_000;
  return [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes}m` : '',
    seconds > 0 ? `${seconds}s` : '',
    rest > 0 ? `${rest}ms` : '',
  ].join('');
}

function hintFor(text: string): string | null {
  const plain = /^\d+$/.exec(text);
  if (plain) {
    return `Add a unit: '${text}ms' or '${text}s'.`;
  }
  const fraction = /^(\d*\.\d+)(h|ms|m|s)$/.exec(text);
  if (fraction) {
    const ms = Math.round(Number(fraction[1]) * (unitMs[fraction[2] ?? ''] ?? 0));
    return `Fractions are not read; write '${formatDuration(ms)}'.`;
  }
  const days = /^(\d+)d$/.exec(text);
  if (days && Number(days[1]) * 24 < 10 ** partDigitsMax) {
    return `Days are not read; write '${Number(days[1]) * 24}h'.`;
  }
  if (/^[\d\s]*(?:h|ms|m|s)[\dhms\s]*$/i.test(text) && /\s|[A-Z]/.test(text)) {
    return `Write it without spaces and in small letters: '${text.replace(/\s/g, '').toLowerCase()}'.`;
  }
  return null;
}
