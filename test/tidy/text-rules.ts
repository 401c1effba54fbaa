// The house rules about text: leftover markers, paths of one machine, pointers and links that lead
// somewhere, a README in each room, the comment at the top of a file, sizes.

import { extname } from 'node:path';
import { nativeFloors, nativePaths } from './native-rules.ts';
import { scriptFloors, scriptPaths } from './script-rules.ts';
import { eachLine, resolveFrom, roomOf, type Tree } from './tree.ts';

/** Files that speak about these rules and therefore hold the words. */
const speaksOfRules = /^test\/tidy(\.test\.ts$|\/)/;

export function checkMarkers(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    if (speaksOfRules.test(path) || path === 'package-lock.json') continue;
    eachLine(text, (line, number) => {
      const marker = line.match(/\b(TODO|FIXME|XXX|HACK)\b/)?.[1];
      if (marker)
        problems.push(`${path}:${number}: ${marker} does not land; docs/ takes known limits.`);
    });
  }
  return problems;
}

export function checkMachinePaths(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    if (speaksOfRules.test(path)) continue;
    eachLine(text, (line, number) => {
      const found = line.match(/(?<![\w.\-/*}>])\/(?:work|home|root)\/[\w.-]+/)?.[0];
      if (found) problems.push(`${path}:${number}: ${found} is a path of one machine.`);
    });
  }
  return problems;
}

const pointerEndings = ['', '.h', '.cc', '.ts', '.md'];

/** A room of the plan may still be empty. */
function isRoom(path: string): boolean {
  const [half, room, ...rest] = path.split('/');
  if (rest.length > 0 || room === undefined) return false;
  return room in (half === 'native' ? nativeFloors : half === 'lib' ? scriptFloors : {});
}

function exists(tree: Tree, path: string): boolean {
  const clean = path.replace(/\/$/, '');
  if (isRoom(clean)) return true;
  if (pointerEndings.some((ending) => tree.has(clean + ending))) return true;
  return [...tree.keys()].some((known) => known.startsWith(`${clean}/`));
}

/** Paths in backticks in ARCHITECTURE.md and in the READMEs of rooms name things that are there. */
export function checkPointers(tree: Tree, documents: readonly string[]): string[] {
  const problems: string[] = [];
  for (const document of documents) {
    const text = tree.get(document);
    if (text === undefined) {
      problems.push(`${document}: is missing.`);
      continue;
    }
    eachLine(text, (line, number) => {
      for (const [, path] of line.matchAll(
        /`((?:native|lib|test|bench|docs|examples|scripts)\/[\w./-]+)`/g,
      )) {
        if (path && !exists(tree, path)) {
          problems.push(`${document}:${number}: \`${path}\` does not exist.`);
        }
      }
    });
  }
  return problems;
}

/** Relative links of all documents lead to files of the repository. */
export function checkLinks(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    if (extname(path) !== '.md') continue;
    eachLine(text, (line, number) => {
      for (const [, link] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
        const target = link?.replace(/#.*$/, '') ?? '';
        if (target === '' || /^[a-z]+:/.test(target)) continue;
        if (!exists(tree, resolveFrom(path, target))) {
          problems.push(`${path}:${number}: the link to ${target} leads nowhere.`);
        }
      }
    });
  }
  return problems;
}

export function checkRoomReadmes(tree: Tree): string[] {
  const rooms = new Set<string>();
  for (const path of [...nativePaths(tree), ...scriptPaths(tree)]) {
    const room = roomOf(path);
    if (room !== null) rooms.add(`${path.split('/')[0]}/${room}`);
  }
  return [...rooms].sort().flatMap((room) => {
    const lines = tree.get(`${room}/README.md`)?.trim().split('\n').length ?? 0;
    if (lines === 0) return [`${room}: has no README.md.`];
    return lines > 30 ? [`${room}/README.md: ${lines} lines; about ten are enough.`] : [];
  });
}

/** A file says first what it is; more than 20 lines of that belong into docs/. */
export function checkHeaderComments(tree: Tree): string[] {
  const problems: string[] = [];
  for (const path of [...nativePaths(tree), ...scriptPaths(tree)]) {
    const lines = (tree.get(path) ?? '').split('\n').filter((line) => !line.startsWith('#!'));
    const count = lines.findIndex((line) => !line.startsWith('//'));
    if (count === 0 && path.endsWith('.cc') && hasCommentedHeader(tree, path)) continue;
    if (count === 0) problems.push(`${path}: does not begin with a comment that says what it is.`);
    if (count > 20) problems.push(`${path}: ${count} lines of comment at the top; 8 are enough.`);
  }
  return problems;
}

/** x.h speaks for x.cc. */
function hasCommentedHeader(tree: Tree, path: string): boolean {
  return tree.get(path.replace(/\.cc$/, '.h'))?.startsWith('//') ?? false;
}

export interface Size {
  readonly what: string;
  readonly lines: number;
}

const sizedEndings = ['.h', '.cc', '.c', '.ts', '.mjs'];
const sizedFolders = /^(native|lib|test|bench|scripts)\//;

export function fileSizes(tree: Tree): Size[] {
  return [...tree]
    .filter(([path]) => sizedFolders.test(path) && sizedEndings.includes(extname(path)))
    .filter(([, text]) => !/^\/\/ Generated/m.test(text.slice(0, 200)))
    .map(([path, text]) => ({ what: path, lines: text.trimEnd().split('\n').length }))
    .sort((a, b) => b.lines - a.lines);
}

/** Functions as the formatters leave them: from a line that opens a block at the left edge to the
 * brace that closes it there. Methods inside classes are left to the linters. */
export function functionSizes(tree: Tree): Size[] {
  const sizes: Size[] = [];
  const opens = /^(?!namespace|extern|class|struct|enum|union|interface|\}|\/\/).*\)[^;]*\{$/;
  for (const [path, text] of tree) {
    if (!/^(native|lib|scripts)\//.test(path) || !sizedEndings.includes(extname(path))) continue;
    let start = 0;
    let name = '';
    eachLine(text, (line, number) => {
      if (/^[A-Za-z~].*\(/.test(line) && start === 0) name = line.match(/[\w:~]+(?=\()/)?.[0] ?? '';
      if (start === 0 && (opens.test(line) || /^ {2,}.*\).*\{$/.test(line)) && name) start = number;
      if (start > 0 && /^\}/.test(line)) {
        sizes.push({ what: `${path} ${name}`, lines: number - start + 1 });
        start = 0;
        name = '';
      } else if (start === 0 && line === '') {
        name = '';
      }
    });
  }
  return sizes.sort((a, b) => b.lines - a.lines);
}
