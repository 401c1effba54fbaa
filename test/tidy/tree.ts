// The files that the house rules look at, as a map from path to text. Rules are functions of such a
// map, so that a test can hand them a small wrong one.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, posix, relative } from 'node:path';

export type Tree = ReadonlyMap<string, string>;

/** What is made by tools and never written by a person; `.git` is a file in a linked work tree. */
const skippedNames = new Set([
  '.git',
  'build',
  'build-native',
  'coverage',
  'dist',
  'dist-test',
  'node_modules',
  'prebuilds',
  'test-results',
]);
const binaryEndings = new Set(['.bin', '.gz', '.node', '.pcap', '.png', '.tgz']);
const textBytesMax = 1024 * 1024;

export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (skippedNames.has(entry.name)) continue;
      if (entry.isDirectory()) {
        visit(path);
      } else if (isText(path)) {
        tree.set(relative(root, path), readFileSync(path, 'utf8'));
      }
    }
  };
  visit(root);
  return tree;
}

function isText(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > textBytesMax) return false;
  // Seeds of fuzzers are whatever bytes they are.
  return !binaryEndings.has(extname(path)) && !path.includes('/fuzz/seeds/');
}

/** Paths below a folder with one of these endings. */
export function pathsBelow(tree: Tree, folder: string, endings: readonly string[]): string[] {
  return [...tree.keys()]
    .filter((path) => path.startsWith(`${folder}/`) && endings.includes(extname(path)))
    .sort();
}

/** `native/os/fd.h` -> `os`; files directly in the top folder belong to no room. */
export function roomOf(path: string): string | null {
  const parts = path.split('/');
  return parts.length > 2 ? (parts[1] ?? null) : null;
}

/** C++ and TypeScript without comments, every line kept in its place. Strings are left alone. */
export function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (match) =>
    match.startsWith('//') || match.startsWith('/*') ? match.replace(/[^\n]/g, ' ') : match,
  );
}

/** Calls back for every line of the text with its number, from 1. */
export function eachLine(text: string, visit: (line: string, number: number) => void): void {
  text.split('\n').forEach((line, index) => {
    visit(line, index + 1);
  });
}

/** The cycles of a graph, each told once as `a -> b -> a`. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node);
    if (start >= 0) {
      cycles.push([...trail.slice(start), node].join(' -> '));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}

/** Resolves a relative reference inside a file of the tree. */
export function resolveFrom(path: string, reference: string): string {
  return posix.normalize(posix.join(posix.dirname(path), reference));
}
