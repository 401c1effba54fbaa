// What a compiled file says about itself, through readelf.

import { execFileSync } from 'node:child_process';

/** What node of every supported version has, wherever it runs: its own floor. */
export const glibcFloor: readonly number[] = [2, 28];

/** Libraries that node itself needs or that glibc brings. */
const everywhere = ['libc.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libpthread.so.0', 'libstdc++.so.6'];

export function readelf(...args: string[]): string {
  return execFileSync('readelf', ['--wide', ...args], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
}

/** The highest version of a symbol set that a file asks for, as comparable numbers. */
export function highestVersion(file: string, set: string): number[] {
  const found = readelf('--version-info', file).matchAll(new RegExp(`\\b${set}_([\\d.]+)`, 'g'));
  const versions = [...found].map(([, text]) => (text ?? '').split('.').map(Number));
  return versions.sort(compareVersions).at(-1) ?? [0];
}

export function compareVersions(a: readonly number[], b: readonly number[]): number {
  const different = a.findIndex((part, index) => part !== (b[index] ?? 0));
  if (different < 0) return a.length - b.length;
  return (a[different] ?? 0) - (b[different] ?? 0);
}

/** Libraries by name that a file needs and that not every machine with Node has. */
export function strangeLibraries(file: string): string[] {
  return neededLibraries(file).filter(
    (name) => !everywhere.includes(name) && !name.startsWith('ld-linux'),
  );
}

export function neededLibraries(file: string): string[] {
  return [...readelf('--dynamic', file).matchAll(/NEEDED.*\[(.+?)\]/g)].map(
    ([, name]) => name ?? '',
  );
}

/** Symbols that others can see. */
export function shownSymbols(file: string): string[] {
  return readelf('--dyn-syms', file)
    .split('\n')
    .filter((line) => / (GLOBAL|WEAK) +DEFAULT +\d+ /.test(line))
    .map((line) => line.trim().split(/\s+/).at(-1) ?? '')
    .sort();
}
