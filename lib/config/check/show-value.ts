// How a value that a person wrote is shown in a message: short, quoted, one line, never a dump.

const textCharsMax = 60;

export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

/** The path of a key: `listeners[0]`, `clusters.web`, `clusters["a b"]`. */
export function joinPath(parent: string, key: string | number): string {
  if (typeof key === 'number') {
    return `${parent}[${key}]`;
  }
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) {
    return `${parent}[${JSON.stringify(shorten(key))}]`;
  }
  return parent === '' ? key : `${parent}.${key}`;
}

function quote(text: string): string {
  const printable = JSON.stringify(shorten(text)).slice(1, -1).replaceAll('\\"', '"');
  return `'${printable}'`;
}

function shorten(text: string): string {
  return text.length > textCharsMax ? `${text.slice(0, textCharsMax)}...` : text;
}
