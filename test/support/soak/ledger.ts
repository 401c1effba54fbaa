// The ledger of the HTTP soak: which requests the endpoints saw and which answers the clients got, put side by side.
// It says what was lost or doubled; both files are lines of text that their writers have appended.

import { readFileSync } from 'node:fs';
import { isIdempotent, type Method } from './plan.ts';

export interface Judgement {
  /** Requests that endpoints saw, each once. */
  readonly ids: number;
  /** How often they were seen again. */
  readonly again: number;
  readonly answered: number;
  /** What must never be. */
  readonly wrong: readonly string[];
}

interface Seen {
  readonly method: Method;
  readonly origins: string[];
}

export function judge(endpointLogs: readonly string[], fleetLog: string): Judgement {
  const wrong: string[] = [];
  const seen = new Map<string, Seen>();
  let again = 0;
  for (const line of endpointLogs.flatMap(linesOf)) {
    const [word, id = '', method, endpoint, life] = line.split(' ');
    const known = seen.get(id);
    if (word !== 'seen') {
      wrong.push(line);
    } else if (known === undefined) {
      seen.set(id, { method: method as Method, origins: [`${endpoint} ${life}`] });
    } else {
      known.origins.push(`${endpoint} ${life}`);
      again += 1;
      if (!isIdempotent(known.method)) {
        wrong.push(`${known.method} ${id} came to ${known.origins.join(' and ')}`);
      }
    }
  }
  const answers = linesOf(fleetLog);
  for (const answer of answers) {
    const [, id = '', endpoint, life] = answer.split(' ');
    if (!seen.get(id)?.origins.includes(`${endpoint} ${life}`)) {
      wrong.push(`${answer}, which it has not seen`);
    }
  }
  if (new Set(answers.map((answer) => answer.split(' ')[1])).size !== answers.length) {
    wrong.push('a request was answered twice');
  }
  return { ids: seen.size, again, answered: answers.length, wrong };
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => line !== '');
}
