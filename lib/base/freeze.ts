// Immutability that holds at run time too: what is published must not change under a reader.

/** Freezes plain objects and arrays all the way down and returns the same object. Class instances and
 * functions are left as they are. */
export function freezeDeep<Value>(value: Value): Readonly<Value> {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) {
    return value;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    return value;
  }
  Object.freeze(value);
  for (const inner of Object.values(value)) {
    freezeDeep(inner);
  }
  return value;
}
