// The tree of an expression -> a finite automaton that goes over a text once: first one that may be in many states
// (Thompson), then the sets of its states that can occur, each of which becomes a state of the table.

export type PatternNode =
  | { readonly type: 'bytes'; readonly set: ByteSet }
  | { readonly type: 'all'; readonly parts: readonly PatternNode[] }
  | { readonly type: 'any'; readonly choices: readonly PatternNode[] }
  /** `max` is `null` without an end. */
  | {
      readonly type: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      readonly max: number | null;
    }
  | { readonly type: 'start' }
  | { readonly type: 'end' };

/** One flag for each value of a byte. */
export type ByteSet = Uint8Array;

/** Bytes that no part of the expression tells apart share a class. */
export interface PatternTable {
  /** The class of each of the 256 bytes. */
  readonly classes: readonly number[];
  /** Where the automaton begins. */
  readonly start: number;
  /** States from here on match when the text ends there; 0 is the one that nothing leads out of. */
  readonly acceptingFrom: number;
  /** The next state of each state and class, state by state. */
  readonly next: readonly number[];
}

/** A table of the largest takes some hundred kilobytes. */
const statesMax = 2_048;
const placesMax = 3_000;

/** A place between two parts of the expression. */
interface Place {
  set: ByteSet | null;
  /** Behind `set`, or without a byte. */
  next: number;
  or: number;
  anchor: 'start' | 'end' | null;
}

const nowhere = -1;

class TooLarge extends Error {}

/** `null`: the table would be too large. */
export function compileAutomaton(tree: PatternNode): PatternTable | null {
  try {
    const places: Place[] = [];
    const matched = add(places, {});
    const first = place(places, tree, matched);
    return tableOf(places, first, matched);
  } catch (error) {
    if (error instanceof TooLarge) {
      return null;
    }
    throw error;
  }
}

/** Whether the whole text matches, as native code decides it. */
export function patternMatches(table: PatternTable, text: Uint8Array): boolean {
  const classCount = Math.max(...table.classes) + 1;
  let state = table.start;
  for (const byte of text) {
    state = table.next[state * classCount + (table.classes[byte] ?? 0)] ?? 0;
  }
  return state >= table.acceptingFrom;
}

function add(places: Place[], parts: Partial<Place>): number {
  if (places.length >= placesMax) {
    throw new TooLarge();
  }
  return places.push({ set: null, next: nowhere, or: nowhere, anchor: null, ...parts }) - 1;
}

/** Adds the places of a part in front of `next`; its first one. */
function place(places: Place[], node: PatternNode, next: number): number {
  switch (node.type) {
    case 'bytes':
      return add(places, { set: node.set, next });
    case 'start':
    case 'end':
      return add(places, { anchor: node.type, next });
    case 'all':
      return node.parts.reduceRight((behind, part) => place(places, part, behind), next);
    case 'any':
      return node.choices
        .map((choice) => place(places, choice, next))
        .reduceRight((or, choice) => add(places, { next: choice, or }));
    case 'repeat':
      return placeRepeat(places, node, next);
  }
}

function placeRepeat(
  places: Place[],
  { item, min, max }: Extract<PatternNode, { type: 'repeat' }>,
  next: number,
): number {
  let first = next;
  if (max === null) {
    first = add(places, { or: next });
    const entry = place(places, item, first);
    (places[first] as Place).next = entry;
  }
  for (let more = min; more < (max ?? 0); more += 1) {
    first = add(places, { next: place(places, item, first), or: next });
  }
  for (let more = 0; more < min; more += 1) {
    first = place(places, item, first);
  }
  return first;
}

function tableOf(places: readonly Place[], first: number, matched: number): PatternTable {
  const { classes, samples } = byteClasses(places);
  const numbers = new Map<string, number>([['', 0]]);
  const sets: (readonly number[])[] = [[]];
  const rows: number[][] = [];
  const numberOf = (set: readonly number[]): number => {
    const key = set.join(' ');
    const known = numbers.get(key);
    if (known !== undefined) {
      return known;
    }
    if (sets.length >= statesMax) {
      throw new TooLarge();
    }
    numbers.set(key, sets.length);
    return sets.push(set) - 1;
  };
  const start = numberOf(reachable(places, [first], 'start'));
  for (let state = 0; state < sets.length; state += 1) {
    const from = sets[state] ?? [];
    rows.push(samples.map((byte) => numberOf(stepped(places, from, byte))));
  }
  // One that matches at the start of an empty text only is told apart by its own state.
  const accepts = sets.map((set, state) => {
    const anchors = state === start ? 'both' : 'end';
    return reachable(places, set, anchors).includes(matched);
  });
  return ordered(classes, rows, accepts, start);
}

function stepped(places: readonly Place[], from: readonly number[], byte: number): number[] {
  const to: number[] = [];
  for (const index of from) {
    const { set, next } = places[index] as Place;
    if (set?.[byte] === 1) {
      to.push(next);
    }
  }
  return reachable(places, to, 'none');
}

/** All places that need no byte to get to, in order. */
function reachable(
  places: readonly Place[],
  from: readonly number[],
  anchors: 'none' | 'start' | 'end' | 'both',
): number[] {
  const found = new Set<number>();
  const waiting = [...from];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (index === nowhere || found.has(index)) {
      continue;
    }
    found.add(index);
    const { set, next, or, anchor } = places[index] as Place;
    if (set === null && (anchor === null || anchors === anchor || anchors === 'both')) {
      waiting.push(next, or);
    }
  }
  return [...found].sort((left, right) => left - right);
}

function byteClasses(places: readonly Place[]) {
  const sets = [...new Set(places.map(({ set }) => set).filter((set) => set !== null))];
  const numbers = new Map<string, number>();
  const samples: number[] = [];
  const classes = Array.from({ length: 256 }, (_, byte) => {
    const key = sets.map((set) => set[byte]).join('');
    const known = numbers.get(key) ?? numbers.size;
    if (!numbers.has(key)) {
      numbers.set(key, known);
      samples.push(byte);
    }
    return known;
  });
  return { classes, samples };
}

/** Those that match come last, so that one comparison tells. The dead one stays the first: it matches nothing. */
function ordered(
  classes: readonly number[],
  rows: readonly (readonly number[])[],
  accepts: readonly boolean[],
  start: number,
): PatternTable {
  const order = [...accepts.keys()].sort(
    (left, right) => Number(accepts[left]) - Number(accepts[right]) || left - right,
  );
  const places = new Map(order.map((state, index) => [state, index]));
  const placeOf = (state: number): number => places.get(state) ?? 0;
  return {
    classes,
    start: placeOf(start),
    acceptingFrom: accepts.filter((accepting) => !accepting).length,
    next: order.flatMap((state) => (rows[state] ?? []).map(placeOf)),
  };
}
