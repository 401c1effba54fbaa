// The query of /connections: what to show and how much. A mistake is a sentence with the word that was meant.

import { parseAddress } from '../base/address.ts';
import { parseDuration } from '../base/duration.ts';
import { nearestWord } from '../base/nearest-word.ts';
import type { ConnectionState } from '../contract/addon.ts';
import { protocols } from '../contract/events.ts';
import type { Direction } from '../contract/snapshot.ts';
import { countParameter } from './route.ts';
import type { ConnectionsQuery, KnownNames } from './view.ts';

export const connectionsLimit = { default: 100, max: 10_000 } as const;

const directions: readonly Direction[] = ['inbound', 'outbound'];
const states: readonly ConnectionState[] = ['connecting', 'open', 'closing', 'detecting'];
const knownProtocols = protocols.filter((word) => word !== 'detect');
const parameters = [
  'limit',
  'listener',
  'cluster',
  'direction',
  'state',
  'protocol',
  'address',
  'olderThan',
];

/** The query, or what is wrong with it. */
export function readConnectionsQuery(
  query: URLSearchParams,
  names: KnownNames,
): ConnectionsQuery | string {
  const unknown = [...query.keys()].find((key) => !parameters.includes(key));
  if (unknown !== undefined) {
    return `there is no parameter ${unknown}. ${hint(unknown, parameters)}`;
  }
  const countMax = countParameter(query, 'limit', connectionsLimit);
  if (countMax === null) {
    return `limit: expected a number of 1 to ${connectionsLimit.max}.`;
  }
  const problems: string[] = [];
  const word = <Word extends string>(name: string, words: readonly Word[]): Word | null => {
    const text = query.get(name);
    const found = words.find((known) => known === text) ?? null;
    if (text !== null && found === null) {
      problems.push(`${name}: there is no '${text}'. ${hint(text, words)}`);
    }
    return found;
  };
  const wanted: ConnectionsQuery = {
    countMax,
    listener: word('listener', names.listeners),
    cluster: word('cluster', names.clusters),
    direction: word('direction', directions),
    state: word('state', states),
    protocol: word('protocol', knownProtocols),
    address: readAddress(query.get('address'), problems),
    ageMsMin: readOlderThan(query.get('olderThan'), problems),
  };
  return problems.length === 0 ? wanted : problems.join('\n');
}

/** An address with a port or without, in its canonical spelling. */
function readAddress(text: string | null, problems: string[]): string | null {
  if (text === null) {
    return null;
  }
  const whole = parseAddress(text);
  const alone = parseAddress(
    text.includes(':') ? `[${text.replace(/^\[|\]$/g, '')}]:0` : `${text}:0`,
  );
  const address = whole.ok ? whole.value : alone.ok ? alone.value : null;
  if (address === null) {
    problems.push("address: expected '10.0.0.5', '10.0.0.5:80' or '[::1]:80'.");
    return null;
  }
  if (address.type === 'unix') {
    return `unix:${address.path}`;
  }
  const host = address.type === 'ipv6' ? `[${address.host}]` : address.host;
  return whole.ok ? `${host}:${address.port}` : host;
}

function readOlderThan(text: string | null, problems: string[]): number {
  if (text === null) {
    return 0;
  }
  const parsed = parseDuration(text);
  if (parsed.ok) {
    return parsed.value;
  }
  problems.push(`olderThan: ${parsed.problem}. ${parsed.hint ?? ''}`.trim());
  return 0;
}

function hint(word: string, words: readonly string[]): string {
  const nearest = nearestWord(word, words);
  return nearest === null
    ? `There are ${words.slice(0, 20).join(', ')}.`
    : `Did you mean '${nearest}'?`;
}
