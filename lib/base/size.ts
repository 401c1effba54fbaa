// Sizes as people write them ('64KiB') and as code uses them (bytes). Binary units only: a limit that meant
// 1000 to one reader and 1024 to another would be wrong for one of them.

import { bad, good, type Parsed } from './parsed.ts';

const grammar = /^(\d{1,15})(B|KiB|MiB|GiB|TiB)$/;

const units = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

export function parseSize(text: string): Parsed<number> {
  const match = grammar.exec(text);
  const factor = match ? unitBytes(match[2]) : 0;
  const bytes = match ? Number(match[1]) * factor : Number.NaN;
  if (!Number.isSafeInteger(bytes)) {
    return bad('bad-size', "expected a size such as '64KiB', '1MiB' or '512B'", hintFor(text));
  }
  return good(bytes);
}

/** The shortest text that parseSize reads as `bytes`. */
export function formatSize(bytes: number): string {
  const unit = units.find(([, factor]) => bytes > 0 && bytes % factor === 0);
  return unit ? `${bytes / unit[1]}${unit[0]}` : `${bytes}B`;
}

function unitBytes(unit: string | undefined): number {
  return units.find(([name]) => name === unit)?.[1] ?? 1;
}

function hintFor(text: string): string | null {
  if (/^\d+$/.test(text)) {
    return `Add a unit: '${text}B' or '${text}KiB'.`;
  }
  const match = /^(\d*\.?\d+)\s*([kmgt]?)(i?b?)$/i.exec(text);
  if (!match) {
    return null;
  }
  const prefix = (match[2] ?? '').toUpperCase();
  const bytes = Math.round(Number(match[1]) * unitBytes(prefix === '' ? 'B' : `${prefix}iB`));
  return Number.isSafeInteger(bytes) ? `Write '${formatSize(bytes)}'.` : null;
}
