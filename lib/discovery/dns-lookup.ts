// One lookup of a host name: the hosts file, then the servers, over Node's resolver (c-ares: UDP, TCP for what was
// truncated). Bounded in time, in number at once and in what it believes: an answer is made of addresses that can be
// connected to, in a stable order, at most so many. Runs on the JavaScript thread, no worker waits for it.

import { Resolver } from 'node:dns/promises';
import type { Clock } from '../base/clock.ts';
import type { ResolvedDns } from '../config/config.ts';
import { candidates, localAddresses, type SystemNames } from './system-names.ts';

export type LookupAnswer =
  | FoundAddresses
  /** A server says that there is no such name, or that it has no address. */
  | { readonly type: 'absent'; readonly code: string }
  /** No server answered so that one could believe it. */
  | { readonly type: 'failed'; readonly code: string };

export interface FoundAddresses {
  readonly type: 'found';
  readonly origin: 'dns' | 'hosts';
  /** `null`: the other family was answered, this one failed. */
  readonly ipv4: readonly string[] | null;
  readonly ipv6: readonly string[] | null;
  /** `null` when the answer had none. */
  readonly ttlMs: number | null;
  /** Addresses beyond the limit. */
  readonly cutCount: number;
}

/** What DnsNames needs of a lookup. */
export interface Lookup {
  /** Never rejects. */
  lookup(name: string): Promise<LookupAnswer>;
  /** Ends what is under way. */
  stop(): void;
}

export interface DnsLookupOptions {
  readonly settings: ResolvedDns;
  readonly files: SystemNames;
  readonly clock: Clock;
}

interface Record4or6 {
  readonly address: string;
  readonly ttl?: unknown;
}

type FamilyAnswer =
  | { readonly records: readonly Record4or6[] }
  | { readonly code: string; readonly absent: boolean };

/** c-ares doubles the time with each try: two tries take three parts, the fourth is for a second server. */
const timeoutParts = 4;
const tryCountMax = 2;

/** One resolver for each lookup at a time, so that giving one up leaves the others alone. */
interface Slot {
  readonly resolver: Resolver;
  readonly resolvConf: string;
}

export class DnsLookup implements Lookup {
  readonly #options: DnsLookupOptions;
  readonly #idle: Slot[] = [];
  readonly #busy = new Set<Slot>();
  readonly #waiting: (() => void)[] = [];
  #runningCount = 0;
  #stopped = false;

  constructor(options: DnsLookupOptions) {
    this.#options = options;
  }

  async lookup(name: string): Promise<LookupAnswer> {
    await this.#turn();
    try {
      return this.#stopped ? cancelled : await this.#lookup(name);
    } catch (error) {
      return { type: 'failed', code: codeOf(error) };
    } finally {
      this.#release();
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { resolver } of this.#busy) {
      resolver.cancel();
    }
    this.#idle.length = 0;
  }

  async #turn(): Promise<void> {
    if (this.#runningCount < this.#options.settings.lookupsMax) {
      this.#runningCount += 1;
    } else {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The turn goes over to who waited longest. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#runningCount -= 1;
    } else {
      next();
    }
  }

  async #lookup(name: string): Promise<LookupAnswer> {
    const { settings, files, clock } = this.#options;
    const rules = await files.read();
    const local = localAddresses(name, rules);
    if (local.length > 0) {
      return this.#found('hosts', { records: local.map((address) => ({ address })) }, null);
    }
    const slot = this.#take(rules.resolvConf);
    let giveUp: () => void = () => undefined;
    const deadline = new Promise<LookupAnswer>((resolve) => {
      giveUp = clock.after(settings.timeoutMs, () => resolve(timedOut));
    });
    this.#busy.add(slot);
    const answer = await Promise.race([
      this.#ask(slot.resolver, candidates(name, rules)),
      deadline,
    ]);
    giveUp();
    this.#busy.delete(slot);
    if (answer === timedOut) {
      slot.resolver.cancel();
    } else {
      this.#idle.push(slot);
    }
    return answer;
  }

  #take(resolvConf: string): Slot {
    const slot = this.#idle.pop();
    if (slot?.resolvConf === resolvConf) {
      return slot;
    }
    // What idles with it was made from the same stale list of servers, or is none.
    this.#idle.length = 0;
    const { servers, timeoutMs } = this.#options.settings;
    const timeout = Math.ceil(timeoutMs / timeoutParts);
    const resolver = new Resolver({ timeout, tries: tryCountMax });
    if (servers !== null) {
      resolver.setServers(servers);
    }
    return { resolver, resolvConf };
  }

  /** A failure ends the search: the next domain may have the name too, and would be somebody else. */
  async #ask(resolver: Resolver, names: readonly string[]): Promise<LookupAnswer> {
    let last: LookupAnswer = { type: 'absent', code: 'ENOTFOUND' };
    for (const name of names) {
      last = await this.#askOne(resolver, name);
      if (last.type !== 'absent') {
        return last;
      }
    }
    return last;
  }

  async #askOne(resolver: Resolver, name: string): Promise<LookupAnswer> {
    const { family } = this.#options.settings;
    const [ipv4, ipv6] = await Promise.all([
      family === 'ipv6' ? nothing : familyAnswer(resolver.resolve4(name, { ttl: true })),
      family === 'ipv4' ? nothing : familyAnswer(resolver.resolve6(name, { ttl: true })),
    ]);
    const answers = [ipv4, ipv6];
    if (answers.some((answer) => 'records' in answer && answer.records.length > 0)) {
      return this.#found('dns', ipv4, ipv6);
    }
    const codes = answers.flatMap((answer) => ('code' in answer ? [answer] : []));
    // That a name does not exist is true of both families (RFC 2308 section 5).
    const code = codes.find((answer) => answer.code === 'ENOTFOUND')?.code;
    const failed = codes.find((answer) => !answer.absent);
    if (failed !== undefined && code === undefined) {
      return { type: 'failed', code: failed.code };
    }
    return { type: 'absent', code: code ?? 'ENODATA' };
  }

  #found(
    origin: FoundAddresses['origin'],
    ipv4: FamilyAnswer,
    ipv6: FamilyAnswer | null,
  ): LookupAnswer {
    const { family, recordsMax } = this.#options.settings;
    const all = [ipv4, ipv6].flatMap((answer) =>
      answer !== null && 'records' in answer ? answer.records : [],
    );
    const isV6 = (address: string): boolean => address.includes(':');
    const wanted = [...new Set(all.map(({ address }) => address))]
      .filter((address) => family === 'all' || isV6(address) === (family === 'ipv6'))
      .filter(isConnectable)
      .sort((left, right) => Number(isV6(left)) - Number(isV6(right)) || compare(left, right));
    if (wanted.length === 0) {
      return { type: 'absent', code: 'ENODATA' };
    }
    const kept = wanted.slice(0, recordsMax);
    const failed = (answer: FamilyAnswer | null): boolean =>
      answer !== null && 'code' in answer && !answer.absent;
    return {
      type: 'found',
      origin,
      ipv4: failed(ipv4) ? null : kept.filter((address) => !isV6(address)),
      ipv6: failed(ipv6) ? null : kept.filter(isV6),
      ttlMs: ttlMsOf(all),
      cutCount: wanted.length - kept.length,
    };
  }
}

const nothing: FamilyAnswer = { records: [] };
const timedOut: LookupAnswer = { type: 'failed', code: 'ETIMEOUT' };
const cancelled: LookupAnswer = { type: 'failed', code: 'ECANCELLED' };

async function familyAnswer(question: Promise<readonly Record4or6[]>): Promise<FamilyAnswer> {
  try {
    return { records: await question };
  } catch (error) {
    const code = codeOf(error);
    return { code, absent: code === 'ENOTFOUND' || code === 'ENODATA' };
  }
}

function codeOf(error: unknown): string {
  const { code } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  return code ?? 'EUNKNOWN';
}

/** The shortest; Node has none for records beyond the 256th. */
function ttlMsOf(records: readonly Record4or6[]): number | null {
  const ttls = records
    .map(({ ttl }) => ttl)
    .filter((ttl): ttl is number => typeof ttl === 'number' && Number.isFinite(ttl));
  return ttls.length === 0 ? null : Math.max(0, Math.min(...ttls)) * 1_000;
}

/** No wildcard (it would be this host), no group, no link-local address without its interface, no IPv4 in IPv6. */
function isConnectable(address: string): boolean {
  if (address.includes(':')) {
    return !/^(?:::$|::ffff:|ff|fe[89ab])/i.test(address);
  }
  const first = Number(address.split('.', 1)[0]);
  return first > 0 && first < 224;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
