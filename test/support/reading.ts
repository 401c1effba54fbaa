// What a server makes of the bytes of a connection: the requests that it serves, as those of readers.ts say, and how it
// leaves the rest.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from './tcp.ts';

export interface Reading {
  /** The requests that it served: 'POST /path body'. */
  readonly requests: readonly string[];
  /** The status of the answer that refuses the rest, 'waits' for more, or 'ends' without a word. */
  readonly rest: number | 'waits' | 'ends';
}

const quietMs = 3_000;
const answerMs = 500;

/** Each status line that begins an answer, with the request that it says it read. */
function readingOf(text: string, ended: boolean): Reading {
  const requests: string[] = [];
  for (const [, status = '', fields = ''] of text.matchAll(
    /^HTTP\/1\.[01] (\d{3})(.*?\r\n\r\n)/gms,
  )) {
    const read = /^x-read: (\S+) (\S*) ?(\S*)\r$/im.exec(fields);
    if (read !== null) {
      const [, method = '', ...words] = read;
      const texts = words.map((word) => Buffer.from(word, 'hex').toString('latin1'));
      requests.push([method, ...texts].join(' ').trim());
    } else if (!status.startsWith('1')) {
      return { requests, rest: Number(status) };
    }
  }
  return { requests, rest: ended ? 'ends' : 'waits' };
}

/**
 * Sends the bytes (latin1) at once, and reads until the end or until nothing comes for a while. `behind` is sent when an
 * answer has begun, or when that takes long.
 */
export async function readingBy(port: number, bytes: string, behind = ''): Promise<Reading> {
  const client = await Client.connect(port);
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(), quietMs);
  client.socket.on('data', () => timer.refresh());
  client.socket.write(bytes, 'latin1');
  if (behind !== '') {
    await Promise.race([client.readUntil((text) => text !== ''), delay(answerMs)]);
    client.socket.write(behind, 'latin1');
  }
  const ended = await Promise.race([
    client.end().then(() => true),
    once(quiet.signal, 'abort').then(() => false),
  ]);
  clearTimeout(timer);
  const text = await client.readUntil(() => true);
  client.close();
  return readingOf(text, ended);
}
