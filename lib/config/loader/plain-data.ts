// Copies what a configuration file exported as plain data, because it goes to another process. What is not
// data is left out and reported with its path.

import { joinPath } from '../check/show-value.ts';
import type { StrangeValue } from './protocol.ts';

export interface PlainData {
  readonly value: unknown;
  readonly strange: readonly StrangeValue[];
}

export function toPlainData(value: unknown): PlainData {
  const strange: StrangeValue[] = [];
  return { value: copy(value, '', [], strange), strange };
}

function copy(
  value: unknown,
  path: string,
  parents: readonly object[],
  strange: StrangeValue[],
): unknown {
  const what = whatIsStrange(value, parents);
  if (what !== null) {
    strange.push({ path: path === '' ? 'configuration' : path, what });
    return undefined;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const within = [...parents, value];
  if (Array.isArray(value)) {
    return value.map((item, index) => copy(item, joinPath(path, index), within, strange));
  }
  const entries = Object.entries(value).map(([key, item]) => {
    return [key, copy(item, joinPath(path, key), within, strange)];
  });
  return Object.fromEntries(entries);
}

function whatIsStrange(value: unknown, parents: readonly object[]): string | null {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    return `a ${typeof value}`;
  }
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  if (parents.includes(value)) {
    return 'a value that contains itself';
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain =
    Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  return plain ? null : `an instance of ${value.constructor?.name ?? 'a class'}`;
}
