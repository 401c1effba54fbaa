// A name server that does what a test says, over UDP and TCP: answers, lies, truncates, stays silent, sends garbage.
// It counts what it was asked, and how many questions waited at once.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './tcp.ts';

export interface DnsQuestion {
  /** As it was asked, in small letters, without the final dot. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'other';
  readonly over: 'udp' | 'tcp';
}

export interface DnsRecord {
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'TXT';
  /** An address, a name or a text. */
  readonly data: string;
  readonly ttl?: number;
  /** Whose record it is; the name that was asked without it. */
  readonly name?: string;
}

export type DnsScript =
  | { readonly records: readonly DnsRecord[]; readonly delayMs?: number }
  | { readonly rcode: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' | 'FORMERR' }
  | { readonly bytes: Buffer }
  /** The header of an answer that promises more than it has. */
  | 'short'
  | 'truncated'
  | 'silent'
  | 'close';

const rcodes = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const types = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const;
const udpBytesMax = 512;

export class ScriptedDns {
  readonly port: number;
  readonly questions: DnsQuestion[] = [];
  /** Questions that were answered late, at once, at most. */
  waitingMax = 0;
  script: (question: DnsQuestion) => DnsScript;
  #waiting = 0;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();

  static async listen(script: (question: DnsQuestion) => DnsScript, at?: number) {
    const port = at ?? (await freePort());
    const server = new ScriptedDns(port, script);
    server.#udp.bind(port, '127.0.0.1');
    server.#tcp.listen(port, '127.0.0.1');
    await Promise.all([once(server.#udp, 'listening'), once(server.#tcp, 'listening')]);
    return server;
  }

  private constructor(port: number, script: (question: DnsQuestion) => DnsScript) {
    this.port = port;
    this.script = script;
    this.#udp = createSocket('udp4');
    this.#udp.on('message', (query, peer) => {
      this.#answer(query, 'udp', (reply) => {
        if (reply !== null) {
          this.#udp.send(reply, peer.port, peer.address);
        }
      });
    });
    this.#tcp = createServer((socket) => this.#serveTcp(socket));
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  asked(name: string, type?: DnsQuestion['type']): number {
    return this.questions.filter(
      (question) => question.name === name && (type === undefined || question.type === type),
    ).length;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    const closed = [once(this.#udp, 'close'), once(this.#tcp, 'close')];
    this.#udp.close();
    this.#tcp.close();
    await Promise.all(closed);
  }

  #serveTcp(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    let held = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const query = held.subarray(2, 2 + held.readUInt16BE(0));
        held = held.subarray(2 + query.length);
        const send = (reply: Buffer | null): void => {
          if (reply === null) {
            socket.destroy();
          } else {
            const length = Buffer.alloc(2);
            length.writeUInt16BE(reply.length);
            socket.write(Buffer.concat([length, reply]));
          }
        };
        this.#answer(query, 'tcp', send);
      }
    });
  }

  #answer(query: Buffer, over: 'udp' | 'tcp', send: (reply: Buffer | null) => void): void {
    const { name, type, questionBytes } = readQuestion(query);
    const question: DnsQuestion = { name, type, over };
    this.questions.push(question);
    const script = this.script(question);
    if (script === 'silent') {
      return;
    }
    if (script === 'close') {
      send(null);
      return;
    }
    const reply = replyTo(query, questionBytes, script, over);
    const delayMs = typeof script === 'object' && 'delayMs' in script ? (script.delayMs ?? 0) : 0;
    this.#waiting += 1;
    this.waitingMax = Math.max(this.waitingMax, this.#waiting);
    setTimeout(() => {
      this.#waiting -= 1;
      try {
        send(reply);
      } catch {
        // The test has ended and closed the socket.
      }
    }, delayMs);
  }
}

/** Records of addresses, A or AAAA as each address wants. */
export function addresses(question: DnsQuestion, all: readonly string[], ttl = 60): DnsScript {
  const records = all
    .map((data) => ({ type: data.includes(':') ? 'AAAA' : 'A', data, ttl }) as const)
    .filter(({ type }) => type === question.type);
  return { records };
}

function readQuestion(query: Buffer) {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  const number = query.readUInt16BE(offset + 1);
  const type = number === types.A ? 'A' : number === types.AAAA ? 'AAAA' : 'other';
  const questionBytes = query.subarray(12, offset + 5);
  return { name: labels.join('.').toLowerCase(), type, questionBytes } as const;
}

function replyTo(
  query: Buffer,
  question: Buffer,
  script: Exclude<DnsScript, 'silent' | 'close'>,
  over: 'udp' | 'tcp',
): Buffer {
  if (typeof script === 'object' && 'bytes' in script) {
    return Buffer.concat([query.subarray(0, 2), script.bytes]);
  }
  const rcode = typeof script === 'object' && 'rcode' in script ? rcodes[script.rcode] : 0;
  const records = typeof script === 'object' && 'records' in script ? script.records : [];
  const encoded = records.map((record) => encodeRecord(record));
  const size = 12 + question.length + encoded.reduce((sum, { length }) => sum + length, 0);
  const cut = script === 'truncated' || (over === 'udp' && size > udpBytesMax);
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // Response, authoritative, recursion desired and available; TC where the rest comes over TCP.
  header.writeUInt16BE(0x8580 | (cut ? 0x0200 : 0) | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(cut ? 0 : script === 'short' ? 3 : records.length, 6);
  return Buffer.concat([header, question, ...(cut ? [] : encoded)]);
}

function encodeRecord({ type, data, ttl = 60, name }: DnsRecord): Buffer {
  const body = encodeData(type, data);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(types[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(body.length, 8);
  // 0xc00c points at the name in the question.
  return Buffer.concat([
    name === undefined ? Buffer.from([0xc0, 12]) : encodeName(name),
    fixed,
    body,
  ]);
}

function encodeData(type: DnsRecord['type'], data: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(data.split('.').map(Number));
    case 'AAAA':
      return encodeIpv6(data);
    case 'CNAME':
      return encodeName(data);
    case 'TXT':
      return Buffer.concat([Buffer.from([data.length]), Buffer.from(data)]);
  }
}

function encodeName(name: string): Buffer {
  const labels = name
    .split('.')
    .flatMap((part) => [Buffer.from([part.length]), Buffer.from(part, 'latin1')]);
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function encodeIpv6(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}
