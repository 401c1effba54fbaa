// Makes wrong objects from a right one: each field taken away, of another type, or out of range. It walks the object,
// so that a field which is added to a contract is covered without a word here.

import { inspect } from 'node:util';

export interface WrongValue {
  readonly path: string;
  readonly what: string;
  readonly value: unknown;
}

type Step = string | number;

/** Every wrong object that differs from `right` in one field, with the path that an error should name. */
export function* wrongValues(right: object): Generator<WrongValue> {
  for (const { steps, value } of leavesAndBranches(right, [])) {
    const path = pathOf(steps);
    const isElement = typeof steps.at(-1) === 'number';
    if (!isElement) {
      yield { path, what: 'missing', value: changed(right, steps, remove) };
    }
    for (const wrong of replacements(value)) {
      const what = inspect(wrong);
      yield {
        path,
        what,
        value: changed(right, steps, (parent, key) => Object.assign(parent, { [key]: wrong })),
      };
    }
  }
}

/** How many fields and elements were walked. */
export function fieldCount(right: object): number {
  return [...leavesAndBranches(right, [])].length;
}

function* leavesAndBranches(
  value: unknown,
  steps: readonly Step[],
): Generator<{ steps: readonly Step[]; value: unknown }> {
  if (steps.length > 0) {
    yield { steps, value };
  }
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      yield* leavesAndBranches(element, [...steps, index]);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      yield* leavesAndBranches(field, [...steps, key]);
    }
  }
}

function replacements(value: unknown): readonly unknown[] {
  const always = [undefined, Symbol('wrong'), () => undefined, 10n];
  if (Array.isArray(value)) {
    return [...always, {}, 'text', 1, { length: 1 }];
  }
  switch (typeof value) {
    case 'number':
      return [
        ...always,
        -1,
        0.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        2 ** 53,
        String(value),
        true,
        {},
        [],
      ];
    case 'string':
      return [...always, 1, false, {}, [], null];
    case 'boolean':
      return [...always, 0, 'true', {}, null];
    default:
      // An object, or the null of a field that may be a number, an object or a string.
      return [...always, value === null ? -1 : 1, 'text', true];
  }
}

function remove(parent: object, key: string): void {
  Reflect.deleteProperty(parent, key);
}

function changed(
  right: object,
  steps: readonly Step[],
  change: (parent: object, key: string) => void,
): unknown {
  // Not structuredClone(), which keeps two references to one object one.
  const copy: unknown = JSON.parse(JSON.stringify(right));
  let parent = copy as Record<string, object>;
  for (const step of steps.slice(0, -1)) {
    parent = parent[step] as unknown as Record<string, object>;
  }
  change(parent, String(steps.at(-1)));
  return copy;
}

function pathOf(steps: readonly Step[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') {
      return `${path}[${step}]`;
    }
    return path === '' ? step : `${path}.${step}`;
  }, '');
}
