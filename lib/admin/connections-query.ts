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

type Read<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

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
  const listener = readWord(query, 'listener', names.listeners);
  const cluster = readWord(query, 'cluster', names.clusters);
  const direction = readWord(query, 'direction', directions);
  const state = readWord(query, 'state', states);
  const protocol = readWord(query, 'protocol', knownProtocols);
  const address = readAddress(query.get('address'));
  const olderThan = readOlderThan(query.get('olderThan'));
  if (
    !listener.ok ||
    !cluster.ok ||
    !direction.ok ||
    !state.ok ||
    !protocol.ok ||
    !address.ok ||
    !olderThan.ok
  ) {
    const all = [listener, cluster, direction, state, protocol, address, olderThan];
    return all.flatMap((read) => (read.ok ? [] : [read.problem])).join('\n');
  }
  return {
    countMax,
    listener: listener.value,
    cluster: cluster.value,
    direction: direction.value,
    state: state.value,
    protocol: protocol.value,
    address: address.value,
    ageMsMin: olderThan.value,
  };
}

function readWord<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[],
): Read<Word | null> {
  const text = query.get(name);
  if (text === null) {
    return { ok: true, value: null };
  }
  const word = words.find((known) => known === text);
  return word === undefined
    ? { ok: false, problem: `${name}: there is no '${text}'. ${hint(text, words)}` }
    : { ok: true, value: word };
}

/** An address with a port or without, in its canonical spelling. */
function readAddress(text: string | null): Read<string | null> {
  if (text === null) {
    return { ok: true, value: null };
  }
  const whole = parseAddress(text);
  const alone = parseAddress(
    text.includes(':') ? `[${text.replace(/^\[|\]$/g, '')}]:0` : `${text}:0`,
  );
  const address = whole.ok ? whole.value : alone.ok ? alone.value : null;
  if (address === null) {
    return { ok: false, problem: "address: expected '10.0.0.5', '10.0.0.5:80' or '[::1]:80'." };
  }
  if (address.type === 'unix') {
    return { ok: true, value: `unix:${address.path}` };
  }
  const host = address.type === 'ipv6' ? `[${address.host}]` : address.host;
  return { ok: true, value: whole.ok ? `${host}:${address.port}` : host };
}

function readOlderThan(text: string | null): Read<number> {
  if (text === null) {
    return { ok: true, value: 0 };
  }
  const parsed = parseDuration(text);
  return parsed.ok
    ? { ok: true, value: parsed.value }
    : { ok: false, problem: `olderThan: ${parsed.problem}. ${parsed.hint ?? ''}`.trim() };
}

function hint(word: string, words: readonly string[]): string {
  const nearest = nearestWord(word, words);
  return nearest === null
    ? `There are ${words.slice(0, 20).join(', ')}.`
    : `Did you mean '${nearest}'?`;
}
