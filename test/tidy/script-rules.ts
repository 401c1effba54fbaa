// The house rules of lib/: floors, cycles, dead files, barrels, who may import what.

import { findCycles, pathsBelow, resolveFrom, roomOf, type Tree, withoutComments } from './tree.ts';

export const scriptFloors: Readonly<Record<string, number>> = {
  base: 0,
  contract: 1,
  config: 2,
  engine: 2,
  metrics: 2,
  events: 2,
  interception: 2,
  discovery: 3,
  identity: 3,
  explain: 3,
  control: 4,
  admin: 4,
  app: 5,
  cli: 6,
};

const entries = ['lib/index.ts', 'lib/cli/main.ts'];

/** Modules that only some files may import, and why. */
const restrictedImports: readonly { name: string; files: RegExp; why: string }[] = [
  { name: 'node-gyp-build', files: /^lib\/engine\//, why: 'the addon has one door' },
  { name: 'pino', files: /^lib\/base\/log\.ts$|^lib\/app\//, why: 'the log has one door' },
  { name: 'jiti', files: /^lib\/config\//, why: 'only configuration files are compiled' },
  { name: 'yaml', files: /^lib\/config\//, why: 'only configuration files are YAML' },
];

export function scriptPaths(tree: Tree): string[] {
  return pathsBelow(tree, 'lib', ['.ts']);
}

/** Everything that a file imports or re-exports, also lazily, also only as a type. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const patterns = [
    /\b(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
    /\bnew\s+URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function ownImports(path: string, text: string): string[] {
  return importsOf(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => resolveFrom(path, name).replace(/\.js$/, '.ts'));
}

export function checkScriptFloors(tree: Tree): string[] {
  const problems: string[] = [];
  for (const path of scriptPaths(tree)) {
    const room = roomOf(path);
    if (path === 'lib/index.ts') continue;
    const floor = room === null ? undefined : scriptFloors[room];
    if (room === null || floor === undefined) {
      problems.push(`${path}: is in no known room of lib/.`);
      continue;
    }
    for (const target of ownImports(path, tree.get(path) ?? '')) {
      const other = roomOf(target);
      if (!tree.has(target)) {
        if (target.startsWith('lib/')) problems.push(`${path}: imports ${target}, not there.`);
      } else if (other !== room && (scriptFloors[other ?? ''] ?? Infinity) >= floor) {
        problems.push(`${path}: ${room} (floor ${floor}) imports ${target}, not below it.`);
      }
    }
  }
  return problems;
}

export function checkScriptCycles(tree: Tree): string[] {
  const graph = new Map(
    scriptPaths(tree).map((path) => [path, ownImports(path, tree.get(path) ?? '')]),
  );
  return findCycles(graph).map((cycle) => `imports go round: ${cycle}.`);
}

export function checkDeadScripts(tree: Tree): string[] {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path) || !tree.has(path)) return;
    reached.add(path);
    for (const target of ownImports(path, tree.get(path) ?? '')) visit(target);
  };
  for (const entry of entries) visit(entry);
  const missing = entries
    .filter((entry) => !tree.has(entry))
    .map((entry) => `${entry}: is missing.`);
  const dead = scriptPaths(tree).filter((path) => !reached.has(path));
  return [...missing, ...dead.map((path) => `${path}: not reached from ${entries.join(' or ')}.`)];
}

/** A barrel only re-exports. `lib/index.ts` is the one door and holds nothing else. */
export function checkBarrels(tree: Tree): string[] {
  const problems: string[] = [];
  for (const path of scriptPaths(tree)) {
    const code = withoutComments(tree.get(path) ?? '');
    const rest = code.replace(
      /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;]*\bfrom\s*['"][^'"]+['"];?/g,
      '',
    );
    const isBarrel = rest.trim() === '' && code.trim() !== '';
    if (path === 'lib/index.ts') {
      if (!isBarrel) problems.push(`${path}: holds more than re-exports.`);
    } else if (isBarrel) {
      problems.push(`${path}: only re-exports; import the file that is meant.`);
    }
  }
  return problems;
}

export function checkRestrictedImports(tree: Tree): string[] {
  const problems: string[] = [];
  for (const path of scriptPaths(tree)) {
    for (const name of importsOf(tree.get(path) ?? '')) {
      const rule = restrictedImports.find((entry) => entry.name === name);
      if (rule && !rule.files.test(path)) problems.push(`${path}: imports ${name}; ${rule.why}.`);
      if (/^(\.\.\/)+(dist|test|bench|scripts)\//.test(name)) {
        problems.push(`${path}: imports ${name} from outside lib/.`);
      }
    }
  }
  return problems;
}
