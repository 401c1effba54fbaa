// What the host itself says about names: /etc/hosts, and the search domains of /etc/resolv.conf, which Node's
// resolver leaves to its callers. Read again when a file has changed; a file that cannot be read is an empty one.

import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';

export interface NameRules {
  /** Addresses by name in small letters. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly search: readonly string[];
  /** Names with fewer dots are tried in the search domains first. */
  readonly ndots: number;
  /** Another one after each change of resolv.conf, which also lists the servers. */
  readonly resolvConf: string;
}

export interface SystemFiles {
  readonly hosts: string;
  readonly resolvConf: string;
}

export const systemFiles: SystemFiles = { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' };

/** Larger files are block lists; of them only this much is read. */
const charsMax = 4 * 1024 * 1024;
/** glibc's limits (resolv.conf(5)). */
const ndotsMax = 15;
const searchCountMax = 32;

interface ReadFile<Value> {
  readonly version: string;
  readonly value: Value;
}

export class SystemNames {
  readonly #files: SystemFiles;
  #hosts: ReadFile<NameRules['hosts']> = { version: '', value: new Map() };
  #resolver: ReadFile<Pick<NameRules, 'search' | 'ndots'>> = {
    version: '',
    value: { search: [], ndots: 1 },
  };

  constructor(files: SystemFiles = systemFiles) {
    this.#files = files;
  }

  /** Never rejects. */
  async read(): Promise<NameRules> {
    this.#hosts = await reread(this.#files.hosts, this.#hosts, parseHosts);
    this.#resolver = await reread(this.#files.resolvConf, this.#resolver, parseResolvConf);
    const { search, ndots } = this.#resolver.value;
    return { hosts: this.#hosts.value, search, ndots, resolvConf: this.#resolver.version };
  }
}

/** The names to ask for, in order, as the C library does: as it is, and with each search domain. */
export function candidates(
  name: string,
  { search, ndots }: Pick<NameRules, 'search' | 'ndots'>,
): readonly string[] {
  if (name.endsWith('.')) {
    return [name.slice(0, -1)];
  }
  const longer = search.map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}

/** Addresses that need no server: of the hosts file, and of localhost with what is below it (RFC 6761 6.3). */
export function localAddresses(name: string, { hosts }: Pick<NameRules, 'hosts'>) {
  const bare = name.replace(/\.$/, '');
  const listed = hosts.get(bare) ?? [];
  const isLocalhost = bare === 'localhost' || bare.endsWith('.localhost');
  return listed.length === 0 && isLocalhost ? ['127.0.0.1'] : listed;
}

export function parseHosts(text: string): NameRules['hosts'] {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const name of isIP(address) === 0 ? [] : names) {
      const key = name.toLowerCase().replace(/\.$/, '');
      const known = hosts.get(key);
      if (known === undefined) {
        hosts.set(key, [address]);
      } else if (!known.includes(address)) {
        known.push(address);
      }
    }
  }
  return hosts;
}

/** The last `search` or `domain` line counts, as in the C library. */
export function parseResolvConf(text: string): Pick<NameRules, 'search' | 'ndots'> {
  let search: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [key = '', ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (key === 'search' || key === 'domain') {
      search = words
        .slice(0, searchCountMax)
        .map((word) => word.toLowerCase().replace(/\.$/, ''))
        .filter((word) => word !== '');
    } else if (key === 'options') {
      const option = words.find((word) => /^ndots:\d{1,3}$/.test(word));
      ndots = option === undefined ? ndots : Math.min(Number(option.slice(6)), ndotsMax);
    }
  }
  return { search, ndots };
}

async function reread<Value>(
  file: string,
  before: ReadFile<Value>,
  parse: (text: string) => Value,
): Promise<ReadFile<Value>> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (version === before.version) {
      return before;
    }
    const text = await readFile(file, 'utf8');
    return { version, value: parse(text.slice(0, charsMax)) };
  } catch {
    // A container may have neither file; the next lookup tries again.
    return before.version === 'none' ? before : { version: 'none', value: parse('') };
  }
}
