// Walks a value along the schema: unknown keys, wrong types, values out of range, missing keys. It goes on
// after each problem and returns what is usable: a copy without the bad parts. Missing parts of that copy
// were reported, so that the checks that follow do not report them again.

import { nearestWord } from '../../base/nearest-word.ts';
import type { Field, ObjectNode, SchemaNode } from '../schema-node.ts';
import type { IssueList } from './issues.ts';
import { checkScalar } from './scalars.ts';
import { joinPath } from './show-value.ts';

/** Depth is bounded by the schema, not by the value: a cyclic value ends at its first unknown key. */
export function checkShape(
  node: SchemaNode,
  value: unknown,
  path: string,
  issues: IssueList,
): unknown {
  switch (node.kind) {
    case 'object':
      return checkObject(node, value, path, issues);
    case 'map':
      return checkMap(node.item, node.keyWord, value, path, issues);
    case 'list':
      return checkList(node.item, value, path, issues);
    case 'either':
      return checkShape(isPlainObject(value) ? node.long : node.short, value, path, issues);
    default:
      return checkScalar(node, value, path, issues);
  }
}

function checkObject(
  node: ObjectNode,
  value: unknown,
  path: string,
  issues: IssueList,
): Record<string, unknown> | undefined {
  const given = asObject(value, path, issues);
  if (given === undefined) {
    return undefined;
  }
  const usable: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(given)) {
    if (!Object.hasOwn(node.fields, key)) {
      issues.add(joinPath(path, key), 'unknown-key', 'unknown key', { hint: keyHint(key, node) });
    } else if (inner !== undefined) {
      const field = node.fields[key] as Field;
      const checked = checkField(field, inner, joinPath(path, key), issues);
      if (checked !== undefined) {
        usable[key] = checked;
      }
    }
  }
  for (const [key, field] of Object.entries(node.fields)) {
    if (field.required && given[key] === undefined) {
      const hint = `Add ${key}: ${field.example}.`;
      issues.add(joinPath(path, key), 'missing', 'this key is missing', { hint });
    }
  }
  return usable;
}

function checkField(field: Field, value: unknown, path: string, issues: IssueList): unknown {
  if (value !== null) {
    return checkShape(field.node, value, path, issues);
  }
  if (field.nullMeans !== null) {
    return null;
  }
  const hint = field.required ? `Write ${field.example}.` : 'Leave the key out for its default.';
  issues.add(path, 'wrong-type', 'null has no meaning here', { hint });
  return undefined;
}

function keyHint(key: string, node: ObjectNode): string {
  const keys = Object.keys(node.fields);
  const nearest = nearestWord(key, keys);
  return nearest === null ? `Known keys: ${keys.join(', ')}.` : `Did you mean '${nearest}'?`;
}

/** Keeps the places of bad items as holes of undefined, so that indexes in later messages are right. */
function checkList(
  item: SchemaNode,
  value: unknown,
  path: string,
  issues: IssueList,
): unknown[] | undefined {
  if (!Array.isArray(value)) {
    issues.add(path, 'wrong-type', 'expected a list', { got: value, hint: 'Put it in [ ].' });
    return undefined;
  }
  if (value.length === 0) {
    issues.add(path, 'empty', 'the list is empty', { hint: 'Write at least one.' });
  }
  return Array.from(value, (inner: unknown, index) =>
    checkShape(item, inner, joinPath(path, index), issues),
  );
}

function checkMap(
  item: ObjectNode,
  keyWord: string,
  value: unknown,
  path: string,
  issues: IssueList,
): Record<string, unknown> | undefined {
  const given = asObject(value, path, issues);
  if (given === undefined) {
    return undefined;
  }
  const usable: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(given)) {
    const at = joinPath(path, name);
    if (checkScalar({ kind: 'name' }, name, at, issues) === undefined) {
      continue;
    }
    usable[name] = checkShape(item, inner, at, issues);
  }
  if (Object.keys(given).length === 0) {
    const hint = `Write at least one ${keyWord}.`;
    issues.add(path, 'empty', `there is no ${keyWord}`, { hint });
  }
  return usable;
}

function asObject(
  value: unknown,
  path: string,
  issues: IssueList,
): Readonly<Record<string, unknown>> | undefined {
  if (isPlainObject(value)) {
    return value;
  }
  const where = path === '' ? 'configuration' : path;
  issues.add(where, 'wrong-type', 'expected an object', { got: value });
  return undefined;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (a vm context, a test runner) have an Object.prototype that is not ours.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
