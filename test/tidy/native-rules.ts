// The house rules of native/: floors, cycles, who may include what, the lists of sources, unsafe
// spans, raw memory. Each rule returns one sentence for each problem.

import {
  eachLine,
  findCycles,
  pathsBelow,
  resolveFrom,
  roomOf,
  type Tree,
  withoutComments,
} from './tree.ts';

export const nativeFloors: Readonly<Record<string, number>> = {
  base: 0,
  os: 1,
  codec: 1,
  snapshot: 1,
  telemetry: 1,
  transport: 2,
  upstream: 3,
  proxy: 4,
  engine: 5,
  binding: 6,
};

/** System headers that only some rooms may see, and why. */
const restrictedHeaders: readonly { pattern: RegExp; rooms: readonly string[]; why: string }[] = [
  { pattern: /^(napi|node_api|node|js_native_api)\b|^v8|^uv\.h/, rooms: ['binding'], why: 'Node' },
  { pattern: /^openssl\//, rooms: ['transport'], why: 'OpenSSL' },
  {
    pattern: /^(sys\/(epoll|eventfd|ioctl|sendfile|signalfd|socket|timerfd|uio|un)|fcntl)\.h$/,
    rooms: ['os'],
    why: 'the kernel',
  },
  {
    pattern: /^(netdb|netinet\/(ip|tcp|udp)|poll|linux\/\w+)\.h$/,
    rooms: ['os'],
    why: 'the kernel',
  },
];

/** `base` parses and prints addresses with the C library; else it sees the standard library only. */
const baseHeaders = /^[a-z_0-9]+$|^(arpa\/inet|netinet\/in|time)\.h$/;

interface Include {
  readonly line: number;
  readonly name: string;
  readonly system: boolean;
}

export function nativePaths(tree: Tree): string[] {
  return pathsBelow(tree, 'native', ['.h', '.cc']);
}

function includesOf(text: string): Include[] {
  const found: Include[] = [];
  eachLine(text, (line, number) => {
    const match = line.match(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/);
    if (match) found.push({ line: number, name: match[2] ?? '', system: match[1] === '<' });
  });
  return found;
}

/** An include of ours is written from native/; one beside the file is accepted as well. */
function ownTarget(tree: Tree, path: string, name: string): string | null {
  const candidates = [`native/${name}`, resolveFrom(path, name)];
  return candidates.find((candidate) => tree.has(candidate)) ?? null;
}

export function checkNativeFloors(tree: Tree): string[] {
  const problems: string[] = [];
  for (const path of nativePaths(tree)) {
    const room = roomOf(path);
    const floor = room === null ? undefined : nativeFloors[room];
    if (room === null || floor === undefined) {
      problems.push(`${path}: is in no known room of native/.`);
      continue;
    }
    for (const { line, name, system } of includesOf(tree.get(path) ?? '')) {
      if (system) continue;
      const target = ownTarget(tree, path, name);
      const other = target === null ? null : roomOf(target);
      if (target === null) {
        problems.push(`${path}:${line}: includes "${name}", which does not exist.`);
      } else if (other !== room && (nativeFloors[other ?? ''] ?? Infinity) >= floor) {
        problems.push(
          `${path}:${line}: ${room} (floor ${floor}) includes ${target}, not below it.`,
        );
      }
    }
  }
  return problems;
}

export function checkNativeCycles(tree: Tree): string[] {
  const graph = new Map<string, string[]>();
  for (const path of nativePaths(tree)) {
    const targets = includesOf(tree.get(path) ?? '')
      .filter(({ system }) => !system)
      .map(({ name }) => ownTarget(tree, path, name));
    graph.set(
      path,
      targets.filter((target) => target !== null),
    );
  }
  return findCycles(graph).map((cycle) => `includes go round: ${cycle}.`);
}

export function checkForbiddenIncludes(tree: Tree): string[] {
  const problems: string[] = [];
  for (const path of nativePaths(tree)) {
    const room = roomOf(path) ?? '';
    for (const { line, name, system } of includesOf(tree.get(path) ?? '')) {
      if (!system) continue;
      const rule = restrictedHeaders.find(({ pattern }) => pattern.test(name));
      if (rule && !rule.rooms.includes(room)) {
        const where = rule.rooms.join(', ');
        problems.push(
          `${path}:${line}: <${name}> belongs to ${rule.why}; only ${where} may see it.`,
        );
      } else if (room === 'base' && !baseHeaders.test(name)) {
        problems.push(`${path}:${line}: base includes the standard library only, not <${name}>.`);
      }
    }
  }
  return problems;
}

/** The two lists name every .cc once, sorted, and nothing that is not there. */
export function checkSourceLists(tree: Tree): string[] {
  const problems: string[] = [];
  const listed = new Map<string, string>();
  for (const list of ['native/sources.txt', 'native/binding_sources.txt']) {
    const lines = (tree.get(list) ?? '').split('\n').filter((line) => /^[^#]/.test(line));
    if (lines.length === 0) problems.push(`${list}: is missing or empty.`);
    if (lines.join('\n') !== [...lines].sort().join('\n')) problems.push(`${list}: is not sorted.`);
    for (const line of lines) {
      const path = `native/${line}`;
      const isBinding = line.startsWith('binding/');
      if (!tree.has(path)) problems.push(`${list}: ${line} does not exist.`);
      if (listed.has(path)) problems.push(`${list}: ${line} is listed twice.`);
      if (isBinding !== list.includes('binding'))
        problems.push(`${list}: ${line} is in the wrong list.`);
      listed.set(path, list);
    }
  }
  for (const path of pathsBelow(tree, 'native', ['.cc'])) {
    if (!listed.has(path))
      problems.push(`${path}: is in no list of sources, so nothing builds it.`);
  }
  return problems;
}

/** A header that nothing includes is dead. */
export function checkDeadHeaders(tree: Tree): string[] {
  const used = new Set<string>();
  for (const path of [...nativePaths(tree), ...pathsBelow(tree, 'test', ['.h', '.cc'])]) {
    for (const { name, system } of includesOf(tree.get(path) ?? '')) {
      const target = system ? null : ownTarget(tree, path, name);
      if (target !== null && target !== path) used.add(target);
    }
  }
  return pathsBelow(tree, 'native', ['.h'])
    .filter((path) => !used.has(path))
    .map((path) => `${path}: no file includes it.`);
}

export function checkPragmaOnce(tree: Tree): string[] {
  return pathsBelow(tree, 'native', ['.h'])
    .filter((path) => !/^#pragma once$/m.test(tree.get(path) ?? ''))
    .map((path) => `${path}: has no #pragma once.`);
}

/** Every use of the unsafe pair is known by file and number: a new one is a decision, made here. */
export function checkUnsafe(tree: Tree, allowed: Readonly<Record<string, number>>): string[] {
  const problems: string[] = [];
  const paths = nativePaths(tree).filter((path) => path !== 'native/base/unsafe.h');
  for (const path of paths) {
    const text = withoutComments(tree.get(path) ?? '');
    const begins = text.match(/\bWEFT_UNSAFE_BEGIN\(/g)?.length ?? 0;
    const ends = text.match(/\bWEFT_UNSAFE_END\b/g)?.length ?? 0;
    const expected = allowed[path] ?? 0;
    if (begins !== ends) problems.push(`${path}: ${begins} WEFT_UNSAFE_BEGIN but ${ends} _END.`);
    if (begins !== expected) {
      problems.push(`${path}: ${begins} WEFT_UNSAFE_BEGIN, but the list in tidy says ${expected}.`);
    }
    if (/Wunsafe-buffer-usage/.test(text))
      problems.push(`${path}: silences the warning by itself.`);
  }
  for (const path of Object.keys(allowed)) {
    if (!paths.includes(path)) problems.push(`the list in tidy names ${path}, which is not there.`);
  }
  return problems;
}

/** Ownership is a type. `new` goes straight into an owner, for constructors that are private; any
 * other `new` and every `delete` is in the files that make such types. */
export function checkRawMemory(tree: Tree, allowed: readonly string[]): string[] {
  const problems: string[] = [];
  const raw = /\bnew\s+[\w:(]|\bdelete\s*\[?\]?\s+?[\w:*(]|\b(?:malloc|calloc|realloc|free)\s*\(/;
  for (const path of nativePaths(tree)) {
    if (allowed.includes(path)) continue;
    eachLine(withoutComments(tree.get(path) ?? ''), (line, number) => {
      const code = line
        .replace(/"(?:\\.|[^"\\])*"/g, '""')
        .replace(/\b(?:unique|shared)_ptr<[^()]*>\s*\w*\(new /g, 'owner(');
      if (raw.test(code)) {
        problems.push(
          `${path}:${number}: takes or frees raw memory; use an owning type or a pool.`,
        );
      }
    });
  }
  return problems;
}
