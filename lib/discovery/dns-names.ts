// What is known of each host name that a cluster has as an endpoint: asked again when its time is over, one question
// at a time for each name, however many clusters want it. The last good addresses stay while lookups fail; a server
// that says there are none is asked once more before it is believed. Each change of state is one log line.

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ResolvedDns } from '../config/config.ts';
import type { FoundAddresses, Lookup, LookupAnswer } from './dns-lookup.ts';

/**
 * `waiting`: not answered yet. `found`: the addresses are those of the last answer. `stale`: the last lookup failed,
 * the addresses are older. `unresolved`: it failed and there are none. `absent`: a server says there are none.
 */
export const nameStates = ['waiting', 'found', 'stale', 'unresolved', 'absent'] as const;
export type NameState = (typeof nameStates)[number];

export interface NameReport {
  readonly name: string;
  readonly state: NameState;
  /** Without ports, in a stable order. */
  readonly addresses: readonly string[];
  /** Who answered last; `null` before there was an answer. */
  readonly origin: 'dns' | 'hosts' | null;
  /** As the answer had it; `null` without one. */
  readonly ttlMs: number | null;
  /** Since the last answer that had addresses. */
  readonly ageMs: number | null;
  readonly nextLookupMs: number;
  /** Lookups that failed since the last one that did not. */
  readonly failureCount: number;
  /** Of the last lookup: `ETIMEOUT`, `ESERVFAIL`, `ENOTFOUND`; `null` when it found addresses. */
  readonly error: string | null;
}

export interface DnsFacts {
  readonly lookups: { readonly found: number; readonly absent: number; readonly failed: number };
  readonly names: Readonly<Record<NameState, number>>;
}

export interface NameWatch {
  addresses(): readonly string[];
  stop(): void;
}

export interface DnsNamesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly makeLookup: (settings: ResolvedDns) => Lookup;
  /** 0 to 1, for jitter. */
  readonly random?: () => number;
}

interface Entry {
  readonly name: string;
  readonly watchers: Set<() => void>;
  readonly answered: Promise<void>;
  readonly markAnswered: () => void;
  state: NameState;
  ipv4: readonly string[];
  ipv6: readonly string[];
  addresses: readonly string[];
  origin: NameReport['origin'];
  ttlMs: number | null;
  foundAt: number | null;
  nextAt: number;
  failureCount: number;
  absentCount: number;
  wasCut: boolean;
  error: string | null;
  asking: boolean;
  cancelTimer: () => void;
}

/** After a failure, doubled with each. */
const retryMinMs = 1_000;
const retryMaxMs = 30_000;
/** A first "no such address" is asked again so soon. */
const confirmMs = 1_000;
const absentCountMin = 2;
/** A name that nobody watches is remembered for a reload that brings it back. */
const lingerMs = 60_000;
/** Added to every wait, at most, so that names that were asked together do not stay together. */
const jitterShare = 0.1;

export class DnsNames {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #makeLookup: (settings: ResolvedDns) => Lookup;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #lookups = { found: 0, absent: 0, failed: 0 };
  #settings: ResolvedDns;
  #lookup: Lookup;

  constructor(settings: ResolvedDns, options: DnsNamesOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#makeLookup = options.makeLookup;
    this.#random = options.random ?? Math.random;
    this.#settings = settings;
    this.#lookup = options.makeLookup(settings);
  }

  /** Other servers or limits: everything is asked again, and until then stays what it is. */
  configure(settings: ResolvedDns): void {
    if (isDeepStrictEqual(settings, this.#settings)) {
      return;
    }
    this.#settings = settings;
    this.#lookup.stop();
    this.#lookup = this.#makeLookup(settings);
    for (const entry of this.#entries.values()) {
      entry.asking = false;
      this.#ask(entry);
    }
  }

  /** Calls `changed` when the addresses are others. The first lookup begins at once. */
  watch(name: string, changed: () => void): NameWatch {
    const entry = this.#entry(name);
    const isFirst = entry.watchers.size === 0;
    const watcher = (): void => changed();
    entry.watchers.add(watcher);
    if (isFirst && !entry.asking) {
      this.#askIn(entry, Math.max(0, entry.nextAt - this.#clock.now()));
    }
    return {
      addresses: () => entry.addresses,
      stop: () => this.#unwatch(entry, watcher),
    };
  }

  /** Resolves when each name was looked up, with whatever success, at the bound at the latest. */
  async prepare(names: Iterable<string>, boundMs: number): Promise<void> {
    const answered = [...names].map((name) => {
      const entry = this.#entry(name);
      this.#lingerUnlessWatched(entry);
      return entry.answered;
    });
    let cancel: () => void = () => undefined;
    const bound = new Promise<void>((resolve) => {
      cancel = this.#clock.after(boundMs, resolve);
    });
    await Promise.race([Promise.all(answered), bound]);
    cancel();
  }

  report(name: string): NameReport | null {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      return null;
    }
    const now = this.#clock.now();
    const { state, addresses, origin, ttlMs, foundAt, nextAt, failureCount, error } = entry;
    return {
      name,
      state,
      addresses,
      origin,
      ttlMs,
      ageMs: foundAt === null ? null : Math.round(now - foundAt),
      nextLookupMs: Math.max(0, Math.round(nextAt - now)),
      failureCount,
      error,
    };
  }

  facts(): DnsFacts {
    const names = Object.fromEntries(nameStates.map((state) => [state, 0]));
    for (const { state, watchers } of this.#entries.values()) {
      if (watchers.size > 0) {
        names[state] = (names[state] ?? 0) + 1;
      }
    }
    return { lookups: { ...this.#lookups }, names: names as Record<NameState, number> };
  }

  /** Nothing is asked after this, and nobody is called. */
  stop(): void {
    this.#lookup.stop();
    for (const entry of this.#entries.values()) {
      entry.cancelTimer();
      entry.markAnswered();
    }
    this.#entries.clear();
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) {
      return known;
    }
    let markAnswered: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      markAnswered = resolve;
    });
    const entry: Entry = {
      name,
      watchers: new Set(),
      answered,
      markAnswered,
      state: 'waiting',
      ipv4: [],
      ipv6: [],
      addresses: [],
      origin: null,
      ttlMs: null,
      foundAt: null,
      nextAt: this.#clock.now(),
      failureCount: 0,
      absentCount: 0,
      wasCut: false,
      error: null,
      asking: false,
      cancelTimer: () => undefined,
    };
    this.#entries.set(name, entry);
    this.#ask(entry);
    return entry;
  }

  #unwatch(entry: Entry, watcher: () => void): void {
    if (entry.watchers.delete(watcher)) {
      this.#lingerUnlessWatched(entry);
    }
  }

  #lingerUnlessWatched(entry: Entry): void {
    if (entry.watchers.size > 0) {
      return;
    }
    entry.cancelTimer();
    entry.cancelTimer = this.#clock.after(lingerMs, () => this.#entries.delete(entry.name));
  }

  #askIn(entry: Entry, ms: number): void {
    entry.cancelTimer();
    entry.nextAt = this.#clock.now() + ms;
    entry.cancelTimer = this.#clock.after(ms, () => this.#ask(entry));
  }

  #ask(entry: Entry): void {
    entry.cancelTimer();
    entry.asking = true;
    const lookup = this.#lookup;
    void lookup.lookup(entry.name).then((answer) => {
      // An answer to what was asked under other settings, or before the end, is nobody's.
      if (lookup === this.#lookup && this.#entries.get(entry.name) === entry) {
        entry.asking = false;
        this.#take(entry, answer);
        entry.markAnswered();
      }
    });
  }

  #take(entry: Entry, answer: LookupAnswer): void {
    this.#lookups[answer.type] += 1;
    const waitMs = this.#takeAnswer(entry, answer);
    const jitteredMs = waitMs * (1 + jitterShare * this.#random());
    if (entry.watchers.size > 0) {
      this.#askIn(entry, jitteredMs);
    } else {
      // Nobody needs it now; who comes back before it is forgotten asks when its time is over.
      entry.nextAt = this.#clock.now() + jitteredMs;
      this.#lingerUnlessWatched(entry);
    }
  }

  /** Returns when to ask again. */
  #takeAnswer(entry: Entry, answer: LookupAnswer): number {
    if (answer.type === 'found') {
      return this.#takeFound(entry, answer);
    }
    entry.error = answer.code;
    const hasAddresses = entry.addresses.length > 0;
    if (answer.type === 'failed') {
      entry.failureCount += 1;
      this.#become(entry, hasAddresses ? 'stale' : 'unresolved');
      return Math.min(retryMinMs * 2 ** Math.min(entry.failureCount - 1, 16), retryMaxMs);
    }
    entry.failureCount = 0;
    entry.absentCount += 1;
    if (hasAddresses && entry.absentCount < absentCountMin) {
      return confirmMs;
    }
    entry.ttlMs = null;
    this.#become(entry, 'absent');
    this.#setAddresses(entry, [], []);
    return this.#settings.negativeTtlMs;
  }

  #takeFound(entry: Entry, answer: FoundAddresses): number {
    const { ttlMinMs, ttlMaxMs, recordsMax } = this.#settings;
    entry.error = null;
    entry.failureCount = 0;
    entry.absentCount = 0;
    entry.origin = answer.origin;
    entry.ttlMs = answer.ttlMs;
    entry.foundAt = this.#clock.now();
    const { name } = entry;
    if (answer.cutCount > 0 && !entry.wasCut) {
      const hint = 'the rest is left out; raise dns.recordsMax';
      this.#log.warn('dns answer cut', { name, recordsMax, cutCount: answer.cutCount, hint });
    }
    entry.wasCut = answer.cutCount > 0;
    this.#become(entry, 'found');
    this.#setAddresses(entry, answer.ipv4 ?? entry.ipv4, answer.ipv6 ?? entry.ipv6);
    return Math.min(Math.max(answer.ttlMs ?? ttlMinMs, ttlMinMs), ttlMaxMs);
  }

  #setAddresses(entry: Entry, ipv4: readonly string[], ipv6: readonly string[]): void {
    const addresses = [...ipv4, ...ipv6].slice(0, this.#settings.recordsMax);
    entry.ipv4 = ipv4;
    entry.ipv6 = ipv6;
    if (isDeepStrictEqual(addresses, entry.addresses)) {
      return;
    }
    entry.addresses = addresses;
    const { name } = entry;
    this.#log.debug('dns addresses changed', { name, addressCount: addresses.length });
    for (const watcher of entry.watchers) {
      watcher();
    }
  }

  #become(entry: Entry, state: NameState): void {
    const before = entry.state;
    entry.state = state;
    if (before === state) {
      return;
    }
    const { name, error, addresses } = entry;
    switch (state) {
      case 'stale':
        this.#log.warn('dns lookup failed, the last addresses stay', {
          name,
          error,
          addressCount: addresses.length,
        });
        break;
      case 'unresolved':
        this.#log.warn('dns lookup failed, there is no address yet', { name, error });
        break;
      case 'absent':
        this.#log.warn('dns name has no address', { name, error });
        break;
      default:
        if (before !== 'waiting') {
          this.#log.info('dns name resolves again', { name });
        }
    }
  }
}
