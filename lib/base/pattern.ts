// Regular expressions of routes, in the syntax of RE2: a text is read into a tree, and pattern-automaton.ts makes the
// table that native code runs, whose cost is one step for each byte whatever the expression. It matches the whole
// text, and it matches bytes: a character beyond ASCII is its bytes in UTF-8. What would need memory of what was read
// before (back references, looking around, word boundaries) is refused.

import { Buffer } from 'node:buffer';
import { bad, good, type Parsed } from './parsed.ts';
import {
  type ByteSet,
  compileAutomaton,
  type PatternNode,
  type PatternTable,
} from './pattern-automaton.ts';

/** As in RE2. */
const repeatMax = 1_000;
const depthMax = 250;
const lengthMax = 1_024;

/** The table of an expression, or what is wrong with it and where. */
export function parsePattern(text: string): Parsed<PatternTable> {
  if (text.length > lengthMax) {
    return bad('bad-pattern', `longer than ${lengthMax} characters`);
  }
  try {
    const table = compileAutomaton(new Reader(text).read());
    return table === null
      ? bad(
          'bad-pattern',
          'the expression needs too many states',
          'Repeat less, or write several routes.',
        )
      : good(table);
  } catch (error) {
    if (error instanceof PatternError) {
      return bad(
        'bad-pattern',
        `${error.message} at character ${error.at + 1}`,
        'The syntax is that of RE2.',
      );
    }
    throw error;
  }
}

class PatternError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotMatchesNewline: boolean;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PatternNode {
    const { node } = this.#choices({ ignoreCase: false, dotMatchesNewline: false });
    if (this.#at < this.#text.length) {
      this.#fail("')' without '('");
    }
    return node;
  }

  #fail(message: string, at = this.#at): never {
    throw new PatternError(message, at);
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #takes(expected: string): boolean {
    const found = this.#text.startsWith(expected, this.#at);
    this.#at += found ? expected.length : 0;
    return found;
  }

  /** Flags that are set in the middle of a group hold to its end, over its alternatives. */
  #choices(given: Flags): { readonly node: PatternNode } {
    let flags = given;
    const choices: PatternNode[] = [];
    let parts: PatternNode[] = [];
    for (;;) {
      const next = this.#peek();
      if (next === '' || next === ')') {
        break;
      }
      if (next === '|') {
        this.#at += 1;
        choices.push({ type: 'all', parts });
        parts = [];
        continue;
      }
      const changed = this.#flagsOnly(flags);
      if (changed === null) {
        parts.push(this.#repeated(this.#atom(flags)));
      } else {
        flags = changed;
      }
    }
    const last: PatternNode = { type: 'all', parts };
    return { node: choices.length === 0 ? last : { type: 'any', choices: [...choices, last] } };
  }

  /** `(?i)`: no group of its own. */
  #flagsOnly(flags: Flags): Flags | null {
    const found = /^\(\?([a-zA-Z-]*)\)/.exec(this.#text.slice(this.#at));
    if (found === null) {
      return null;
    }
    const changed = this.#flags(found[1] ?? '', flags);
    this.#at += found[0].length;
    return changed;
  }

  #flags(letters: string, flags: Flags): Flags {
    const grammar = /^([isU]*)(?:-([isU]+))?$/.exec(letters);
    if (letters === '' || grammar === null) {
      this.#fail(`unknown flags '${letters}'`);
    }
    const [, on = '', off = ''] = grammar;
    const of = (letter: string, before: boolean): boolean =>
      off.includes(letter) ? false : on.includes(letter) || before;
    return {
      ignoreCase: of('i', flags.ignoreCase),
      dotMatchesNewline: of('s', flags.dotMatchesNewline),
    };
  }

  #atom(flags: Flags): PatternNode {
    const at = this.#at;
    const character = String.fromCodePoint(this.#text.codePointAt(at) ?? 0);
    this.#at += character.length;
    switch (character) {
      case '(':
        return this.#group(flags);
      case '[':
        return { type: 'bytes', set: this.#class(flags) };
      case '.':
        return { type: 'bytes', set: flags.dotMatchesNewline ? everyByte() : without(bytesOf(10)) };
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '*':
      case '+':
      case '?':
        return this.#fail(`nothing before '${character}'`, at);
      case '\\':
        return this.#escape(flags);
      default:
        return literal(character, flags);
    }
  }

  #group(flags: Flags): PatternNode {
    const at = this.#at - 1;
    let inner = flags;
    if (this.#takes('?')) {
      const named = /^P?<[A-Za-z_]\w*>/.exec(this.#text.slice(this.#at));
      const flagged = /^([a-zA-Z-]*):/.exec(this.#text.slice(this.#at));
      if (named !== null) {
        this.#at += named[0].length;
      } else if (flagged !== null) {
        inner = flagged[1] === '' ? flags : this.#flags(flagged[1] ?? '', flags);
        this.#at += flagged[0].length;
      } else {
        this.#fail('a group that looks around or is not known', at);
      }
    }
    this.#depth += 1;
    if (this.#depth > depthMax) {
      this.#fail('groups are too deep', at);
    }
    const { node } = this.#choices(inner);
    this.#depth -= 1;
    if (!this.#takes(')')) {
      this.#fail("'(' without ')'", at);
    }
    return node;
  }

  /** Whether as few as possible are taken makes no difference to what matches as a whole. */
  #repeated(item: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === null) {
      return item;
    }
    this.#takes('?');
    const again = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#text.slice(this.#at));
    if (again !== null) {
      this.#fail(`'${again[0]}' behind a repetition`);
    }
    return { type: 'repeat', item, ...bounds };
  }

  #bounds(): { readonly min: number; readonly max: number | null } | null {
    if (this.#takes('*')) {
      return { min: 0, max: null };
    }
    if (this.#takes('+')) {
      return { min: 1, max: null };
    }
    if (this.#takes('?')) {
      return { min: 0, max: 1 };
    }
    const found = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#text.slice(this.#at));
    if (found === null) {
      return null;
    }
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? null : Number(found[3]);
    if (min > repeatMax || (max ?? 0) > repeatMax || (max !== null && max < min)) {
      this.#fail(`a repetition of 0 to ${repeatMax} was expected, in order`);
    }
    this.#at += found[0].length;
    return { min, max };
  }

  #escape(flags: Flags): PatternNode {
    const at = this.#at - 1;
    const letter = this.#peek();
    if (letter === 'A' || letter === 'z') {
      this.#at += 1;
      return { type: letter === 'A' ? 'start' : 'end' };
    }
    const known = perlClass(letter);
    if (known !== null) {
      this.#at += 1;
      return { type: 'bytes', set: known };
    }
    return literal(String.fromCodePoint(this.#escaped(at)), flags);
  }

  /** The code point behind a backslash. */
  #escaped(at: number): number {
    const rest = this.#text.slice(this.#at);
    const hex = /^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(rest);
    if (hex !== null) {
      this.#at += hex[0].length;
      const code = Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
      return code > 0x10_ffff || (code >= 0xd800 && code < 0xe000)
        ? this.#fail('no character has this number', at)
        : code;
    }
    const control = controls[rest.charAt(0)];
    if (control !== undefined) {
      this.#at += 1;
      return control;
    }
    if (rest === '' || /^[A-Za-z0-9]/.test(rest)) {
      this.#fail(`'\\${rest.charAt(0)}' has no meaning here`, at);
    }
    const code = rest.codePointAt(0) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #class(flags: Flags): ByteSet {
    const at = this.#at - 1;
    const negated = this.#takes('^');
    const set = new Uint8Array(256);
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#peek() === '') {
        this.#fail("'[' without ']'", at);
      }
      this.#classItem(set);
    }
    this.#at += 1;
    const folded = flags.ignoreCase ? withBothCases(set) : set;
    return negated ? without(folded) : folded;
  }

  #classItem(set: ByteSet): void {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at));
    if (posix !== null) {
      const known = posixClasses[posix[2] ?? ''];
      if (known === undefined) {
        this.#fail(`there is no class '${posix[0]}'`);
      }
      this.#at += posix[0].length;
      const members = rangesSet(known);
      addTo(set, posix[1] === '^' ? without(members) : members);
      return;
    }
    const known = this.#peek() === '\\' ? perlClass(this.#text.charAt(this.#at + 1)) : null;
    if (known !== null) {
      this.#at += 2;
      addTo(set, known);
      return;
    }
    const at = this.#at;
    const low = this.#classCharacter();
    const isRange = this.#peek() === '-' && this.#text.charAt(this.#at + 1) !== ']';
    this.#at += isRange ? 1 : 0;
    const high = isRange ? this.#classCharacter() : low;
    if (high < low) {
      this.#fail('a range that ends before it begins', at);
    }
    set.fill(1, low, high + 1);
  }

  #classCharacter(): number {
    const at = this.#at;
    if (this.#peek() === '') {
      this.#fail("'[' without ']'");
    }
    let code = this.#text.codePointAt(at) ?? 0;
    this.#at += 1;
    if (code === 92) {
      code = this.#escaped(at);
    }
    return code > 0x7f ? this.#fail('only ASCII may be in a class', at) : code;
  }
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

const digits = '09';
const letters = 'AZaz';
const posixClasses: Readonly<Record<string, string>> = {
  alnum: digits + letters,
  alpha: letters,
  ascii: '\0\x7f',
  blank: '\t\t  ',
  cntrl: '\0\x1f\x7f\x7f',
  digit: digits,
  graph: '!~',
  lower: 'az',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '\t\r  ',
  upper: 'AZ',
  word: `${digits}${letters}__`,
  xdigit: '09AFaf',
};

/** Perl's white space has no vertical tab. */
const perlClasses: Readonly<Record<string, string>> = {
  d: digits,
  s: '\t\n\f\r  ',
  w: `${digits}${letters}__`,
};

function perlClass(letter: string): ByteSet | null {
  const ranges = perlClasses[letter.toLowerCase()];
  if (letter === '' || ranges === undefined) {
    return null;
  }
  const set = rangesSet(ranges);
  return letter === letter.toLowerCase() ? set : without(set);
}

/** Pairs of first and last characters. */
function rangesSet(ranges: string): ByteSet {
  const set = new Uint8Array(256);
  for (let at = 0; at < ranges.length; at += 2) {
    set.fill(1, ranges.charCodeAt(at), ranges.charCodeAt(at + 1) + 1);
  }
  return set;
}

function bytesOf(...values: readonly number[]): ByteSet {
  const set = new Uint8Array(256);
  for (const value of values) {
    set[value] = 1;
  }
  return set;
}

function everyByte(): ByteSet {
  return new Uint8Array(256).fill(1);
}

function without(set: ByteSet): ByteSet {
  return set.map((flag) => 1 - flag);
}

function addTo(set: ByteSet, members: ByteSet): void {
  for (const [value, flag] of members.entries()) {
    set[value] = (set[value] ?? 0) | flag;
  }
}

function withBothCases(set: ByteSet): ByteSet {
  const both = set.slice();
  for (let upper = 65; upper <= 90; upper += 1) {
    const either = (set[upper] ?? 0) | (set[upper + 32] ?? 0);
    both[upper] = either;
    both[upper + 32] = either;
  }
  return both;
}

function literal(character: string, { ignoreCase }: Flags): PatternNode {
  const parts = [...Buffer.from(character)].map((byte): PatternNode => {
    const set = bytesOf(byte);
    return { type: 'bytes', set: ignoreCase ? withBothCases(set) : set };
  });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'all', parts };
}
