// Reads what callgrind dumps: the instructions of each function itself, without those it called.

export interface Profile {
  // What CALLGRIND_DUMP_STATS_AT named the dump; empty for the one at the end of the program.
  readonly name: string;
  readonly functions: ReadonlyMap<string, number>;
}

const trigger = /^desc: Trigger: Client Request: (.*)$/;
const functionLine = /^c?fn=\((\d+)\)(?: (.*))?$/;
// A position (absolute, relative or the same), then the count.
const costLine = /^(?:[+-]?\d+|\*) (\d+)$/;

// REQUIRES: one event (Ir) and positions by line, which are callgrind's defaults.
export function parseCallgrind(text: string): Profile {
  const names = new Map<string, string>();
  const functions = new Map<string, number>();
  let name = '';
  let current = '';
  let afterCalls = false;
  for (const line of text.split('\n')) {
    const described = trigger.exec(line)?.[1];
    if (described !== undefined) name = described;
    const named = functionLine.exec(line);
    if (named !== null) {
      const [, id = '', text] = named;
      if (text !== undefined) names.set(id, text);
      if (line.startsWith('fn=')) current = names.get(id) ?? `(${id})`;
    } else if (line.startsWith('calls=')) {
      afterCalls = true; // The next cost is that of the callee.
    } else {
      const count = costLine.exec(line)?.[1];
      if (count !== undefined && !afterCalls) {
        functions.set(current, (functions.get(current) ?? 0) + Number(count));
      }
      if (count !== undefined) afterCalls = false;
    }
  }
  return { name, functions };
}
