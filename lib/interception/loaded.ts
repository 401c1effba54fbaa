// Reads the table that is in force, as nft's JSON, and says what would keep traffic from being taken. It looks at
// what redirects and at who is left out, not at the lists of what is skipped.

import type { Redirection } from './redirection.ts';
import { tableName } from './rules.ts';

interface Chain {
  readonly hook: string;
  readonly type: string;
  /** The expressions of its rules, in order. */
  readonly rules: readonly (readonly unknown[])[];
}

type Json = Readonly<Record<string, unknown>>;

/** Sentences about what is wrong; none when traffic would be taken as `wanted` says. */
export function whatIsNotTaken(listing: string | null, wanted: Redirection): string[] {
  if (listing === null) {
    return [`there is no table ${tableName}`];
  }
  const objects = objectsOf(listing);
  if (objects.some((object) => String(member(object, 'table')?.['flags']).includes('dormant'))) {
    return [`the table ${tableName} is dormant`];
  }
  const inbound = chainOf(objects, 'inbound');
  const outbound = chainOf(objects, 'outbound');
  return [
    ...chainProblems('inbound', inbound, 'prerouting', wanted.inboundPort),
    ...chainProblems('outbound', outbound, 'output', wanted.outboundPort),
    ...uidProblems(outbound, wanted.uid),
  ];
}

/** Whether nft's list of tables has Weft's. */
export function hasTable(listing: string): boolean {
  const tables = objectsOf(listing).map((object) => member(object, 'table'));
  return tables.some((table) => `${table?.['family']} ${table?.['name']}` === tableName);
}

function chainProblems(name: string, chain: Chain | null, hook: string, port: number): string[] {
  if (chain === null || chain.type !== 'nat' || chain.hook !== hook) {
    return [`${name}: there is no chain of type nat at the hook ${hook}`];
  }
  const found = chain.rules.flatMap((rule) => rule.map(redirectPort)).find((each) => each !== null);
  if (found === port) {
    return [];
  }
  return found === undefined
    ? [`${name}: no rule redirects`]
    : [`${name}: the rules redirect to port ${found}, not ${port}`];
}

/** Without this rule the proxy's own connections come back to it. */
function uidProblems(chain: Chain | null, uid: number): string[] {
  const isLeftOut = chain?.rules.some(
    (rule) => rule.some((part) => matchesUid(part, uid)) && rule.some(isReturn),
  );
  return chain === null || isLeftOut ? [] : [`outbound: uid ${uid} is not left out`];
}

function objectsOf(listing: string): Json[] {
  const parsed: unknown = JSON.parse(listing);
  const list = isObject(parsed) ? parsed['nftables'] : null;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function chainOf(objects: readonly Json[], name: string): Chain | null {
  const chain = objects
    .map((object) => member(object, 'chain'))
    .find((one) => one?.['name'] === name);
  if (chain === undefined || chain === null) {
    return null;
  }
  const rules = objects
    .map((object) => member(object, 'rule'))
    .filter((rule) => rule?.['chain'] === name)
    .map((rule) => (Array.isArray(rule?.['expr']) ? (rule['expr'] as unknown[]) : []));
  return { hook: String(chain['hook']), type: String(chain['type']), rules };
}

function redirectPort(part: unknown): number | null {
  const port = isObject(part) ? member(part, 'redirect')?.['port'] : null;
  return typeof port === 'number' ? port : null;
}

function matchesUid(part: unknown, uid: number): boolean {
  const match = isObject(part) ? member(part, 'match') : null;
  const left = match === null ? null : member(match, 'left');
  const meta = left === null ? null : member(left, 'meta');
  return meta?.['key'] === 'skuid' && match?.['op'] === '==' && match?.['right'] === uid;
}

function isReturn(part: unknown): boolean {
  return isObject(part) && 'return' in part;
}

function member(object: Json, name: string): Json | null {
  const value = object[name];
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
