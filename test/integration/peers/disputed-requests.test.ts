// Requests that HAProxy, nginx, Apache httpd and Node read differently from each other, each asked itself: they are
// those of docs/disputed-requests.md. Of what Weft lets through of any request no two serve anything different, and
// none more than Weft counted. WEFT_WRITE_RECORDS=1 writes the document anew.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { lackingReaders, type Reader, startReaders } from '../../support/readers.ts';
import { type Reading, readingBy } from '../../support/reading.ts';
import { type RequestCase, requestCases } from '../../support/smuggling-cases.ts';
import { freePort } from '../../support/tcp.ts';
import { Tee } from '../../support/tee.ts';
import { root, WeftRun } from '../../support/weft.ts';

const document = join(root, 'docs/disputed-requests.md');
const skip =
  lackingReaders.length > 0 && process.env['CI'] !== 'true'
    ? `needs ${lackingReaders.join(', ')}; scripts/setup-debian.sh installs what is missing`
    : false;

/** Comes behind each case: who takes it for something else has read the case in another way. */
const lastLine = 'GET /last HTTP/1.1\r\n';
const last = `${lastLine}Host: a\r\nConnection: close\r\n\r\n`;
const lastRead = 'GET /last';
const atOnce = 16;

/** What Weft sent on of a case, each time before it had an answer, and how many requests it had answered. */
interface Forwarded {
  readonly sent: readonly string[];
  readonly count: number;
}

let readers: readonly Reader[] = [];
const forwardedOf = new Map<string, Forwarded>();

before(async () => {
  if (skip === false) {
    readers = await startReaders();
    await forwardAll();
  }
});

after(() => {
  for (const reader of readers) {
    reader.stop();
  }
});

/** One after the other, so that what comes through belongs to the case. */
async function forwardAll(): Promise<void> {
  const tee = await Tee.before(readers.find(({ name }) => name === 'Node')?.port ?? 0);
  const port = await freePort();
  const weft = await WeftRun.start({
    workers: 1,
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', protocol: 'http1' }],
    clusters: { app: { endpoints: [tee.address] } },
  });
  for (const { name, bytes } of requestCases) {
    const { requests } = await readingBy(port, bytes + last);
    forwardedOf.set(name, { sent: tee.take(), count: requests.length });
  }
  weft.signal('SIGKILL');
  await weft.ended;
  await tee.close();
}

/** Of each of the four. */
function readingsOf(bytes: string, behind = ''): Promise<readonly Reading[]> {
  return Promise.all(readers.map(({ port }) => readingBy(port, bytes, behind)));
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>) {
  const queue = [...items];
  const lanes = Array.from({ length: atOnce }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item);
    }
  });
  await Promise.all(lanes);
}

const served = ({ requests }: Reading): string => JSON.stringify(requests);
const differ = (readings: readonly Reading[]): boolean => new Set(readings.map(served)).size > 1;
const longest = (readings: readonly Reading[]): readonly string[] =>
  readings.reduce<readonly string[]>(
    (most, { requests }) => (requests.length > most.length ? requests : most),
    [],
  );

/** Refuses a request, but serves nothing that others read in another way. */
function refuses({ requests, rest }: Reading, most: readonly string[]): boolean {
  const begins = requests.every((request, index) => request === most[index]);
  return begins && requests.length < most.length && typeof rest === 'number';
}

/** The names of those that refuse what Weft forwards of a case; fails when two serve different requests of it. */
async function refusersOf({ name }: RequestCase): Promise<readonly string[]> {
  const { sent, count } = forwardedOf.get(name) ?? { sent: [], count: -1 };
  const refusers = new Set<string>();
  let found = 0;
  for (const bytes of sent) {
    const readings = await readingsOf(bytes, last);
    const most = longest(readings);
    for (const [index, reading] of readings.entries()) {
      const isAlike = served(reading) === JSON.stringify(most);
      assert.ok(
        isAlike || refuses(reading, most),
        `${name}: ${JSON.stringify({ bytes, readings })}`,
      );
      if (!isAlike) {
        refusers.add(readers[index]?.name ?? '');
      }
    }
    const lastOnes = most.filter((request) => request === lastRead).length;
    const isWhole = lastOnes > bytes.split(lastLine).length - 1;
    found += most.length - (isWhole ? 1 : 0);
  }
  assert.equal(found, count, `${name}: ${JSON.stringify(sent)}`);
  return [...refusers];
}

/** What it served of the case, and why not the rest; nothing when all was served. */
function cellOf({ requests, rest }: Reading): string {
  const own = requests.filter((request) => request !== lastRead);
  const words = own.map((request) => `\`${JSON.stringify(request).slice(1, -1)}\``);
  return [...words, ...(requests.includes(lastRead) ? [] : [String(rest)])].join(', ');
}

function weftCell({ refused }: RequestCase, refusers: readonly string[]): string {
  if (refused !== undefined) {
    return String(refused);
  }
  return refusers.length === 0 ? 'all read alike' : `valid; refused by ${refusers.join(', ')}`;
}

async function lineOf(one: RequestCase): Promise<string | null> {
  const readings = await readingsOf(one.bytes + last);
  const refusers = await refusersOf(one);
  const cells = [...readings.map(cellOf), weftCell(one, refusers)];
  return differ(readings) ? `| ${[one.name, one.rfc, ...cells].join(' | ')} |` : null;
}

const headLine = (): string =>
  `| request | decided by | ${readers.map(({ name, version }) => `${name} ${version}`).join(' | ')} | Weft |`;

/** The document with its table replaced. */
function withTable(text: string, lines: readonly string[]): string {
  const before = text.slice(0, text.indexOf('\n| ') + 1);
  return `${before}${[headLine(), '|---|---|---|---|---|---|---|', ...lines].join('\n')}\n`;
}

/** HAProxy answers as soon as it has the body, at times before it has looked at the trailers. */
function comparable(row: string): string {
  return row.replace(/(\| RFC 9110 6\.5\.1) \| [^|]*/, '$1 ');
}

test('what the four read differently, and what Weft makes of it, is recorded', {
  skip,
}, async (t) => {
  const lines = new Map<string, string | null>();
  await inParallel(requestCases, async (one) => {
    lines.set(one.name, await lineOf(one));
  });
  const found = requestCases.flatMap(({ name }) => lines.get(name) ?? []);
  assert.ok(found.length >= 50, `${found.length} cases`);
  const text = readFileSync(document, 'utf8');
  if (process.env['WEFT_WRITE_RECORDS'] === '1') {
    writeFileSync(document, withTable(text, found));
    return;
  }
  const [head, ...rows] = text.split('\n').filter((line) => line.startsWith('| '));
  if (head === headLine()) {
    assert.deepEqual(found.map(comparable), rows.map(comparable));
  } else {
    // Another version may read in another way; that Weft lets nothing through has been seen all the same.
    t.diagnostic(`recorded with other versions: ${head}`);
  }
});
