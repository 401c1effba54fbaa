// A client's connection of the HTTP soak: asks, one request behind the other or many at once, and checks each answer
// byte by byte. It never asks again and never hides a failure: what became of a request is its outcome.

import type { Socket } from 'node:net';
import { ByteStream, drained, open, StreamCheck } from '../stream.ts';
import { endOf, resetNow } from '../tcp.ts';
import { downSeed, type Origin, type Plan, targetOf, upSeed } from './plan.ts';
import { type ResponseHead, ResponseReader } from './response-reader.ts';

export interface Outcome {
  readonly plan: Plan;
  /**
   * An endpoint's answer came whole; the proxy answered by itself; the answer was cut; none came; or something came
   * that must never come.
   */
  readonly what: 'whole' | 'local' | 'cut' | 'unanswered' | 'wrong';
  readonly status: number;
  /** What the proxy says of its own answer, or what is wrong. */
  readonly reason: string;
  readonly origin: Origin | null;
  /** Date.now() of the beginning and the end. */
  readonly from: number;
  readonly to: number;
}

export interface Pace {
  /** Bytes of a write, and milliseconds to wait between two. */
  readonly pieceBytes: number;
  readonly pauseMs: number;
}

const full: Pace = { pieceBytes: 128 * 1024, pauseMs: 0 };

interface Asked {
  readonly plan: Plan;
  readonly from: number;
  readonly check: StreamCheck;
  readonly resolve: (outcome: Outcome) => void;
  head: ResponseHead | null;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export class Asker {
  readonly socket: Socket;
  readonly #pace: Pace;
  readonly #waiting: Asked[] = [];
  readonly #reader: ResponseReader;
  #sending: Promise<void> = Promise.resolve();
  #isOver = false;

  private constructor(socket: Socket, pace: Pace) {
    this.socket = socket;
    this.#pace = pace;
    this.#reader = new ResponseReader({
      method: () => this.#waiting[0]?.plan.method ?? '',
      head: (head) => this.#head(head),
      body: (bytes) => this.#waiting[0]?.check.take(bytes),
      end: () => this.#finishFirst(),
    });
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => this.#end(endOf(socket) === 'end'));
    socket.on('close', () => this.#end(false));
  }

  /** REQUIRES: somebody listens. `null`: it was reset before this program looked. */
  static async open(port: number, pace: Pace = full): Promise<Asker | null> {
    try {
      return new Asker(await open({ port, host: '127.0.0.1' }), pace);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') {
        return null;
      }
      throw error;
    }
  }

  /** No answer can come any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves with what became of it; the next request may be asked before that. */
  ask(plan: Plan, fields = ''): Promise<Outcome> {
    return new Promise((resolve) => {
      const check = new StreamCheck(plan.route === 'tunnel' ? upSeed(plan.id) : downSeed(plan.id));
      this.#waiting.push({ plan, from: Date.now(), check, resolve, head: null });
      this.#sending = this.#sending.then(() => this.#send(plan, fields));
      if (this.#isOver) {
        this.#giveUp();
      }
    });
  }

  /** An answer is still to come. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** How many bytes of the body of the answer that is coming have come. */
  get received(): number {
    return this.#waiting[0]?.check.bytes ?? 0;
  }

  close(): void {
    this.socket.end();
  }

  reset(): void {
    resetNow(this.socket);
  }

  // ---- out ----

  async #send(plan: Plan, fields: string): Promise<void> {
    const isTunnel = plan.route === 'tunnel';
    const framing =
      isTunnel || (plan.method !== 'PUT' && plan.method !== 'POST')
        ? ''
        : plan.upCoding === 'length'
          ? `content-length: ${plan.upBytes}\r\n`
          : 'transfer-encoding: chunked\r\n';
    const start = `${plan.method} ${targetOf(plan)} HTTP/1.1\r\nhost: soak\r\n`;
    await this.#write(Buffer.from(`${start}${fields}${framing}\r\n`, 'latin1'));
    while (isTunnel && this.#waiting[0]?.head === null) {
      await pause(1);
    }
    if (isTunnel && !this.isWaiting) {
      return;
    }
    const stream = new ByteStream(upSeed(plan.id));
    const isChunked = framing.startsWith('transfer');
    while (stream.position < plan.upBytes && this.socket.writable) {
      const bytes = Math.min(this.#pace.pieceBytes, plan.upBytes - stream.position);
      const piece = stream.next(bytes);
      const chunk = [Buffer.from(`${bytes.toString(16)}\r\n`), piece, Buffer.from('\r\n')];
      await this.#write(isChunked ? Buffer.concat(chunk) : piece);
    }
    if (isChunked) {
      await this.#write(Buffer.from('0\r\n\r\n'));
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { pieceBytes, pauseMs } = this.#pace;
    for (let at = 0; at < bytes.length && this.socket.writable; at += pieceBytes) {
      if (!this.socket.write(bytes.subarray(at, at + pieceBytes))) {
        await drained(this.socket);
      }
      if (pauseMs > 0) {
        await pause(pauseMs);
      }
    }
  }

  // ---- in ----

  #take(bytes: Buffer): void {
    try {
      this.#reader.take(bytes);
    } catch (error) {
      this.#settle('wrong', (error as Error).message);
      this.reset();
      return;
    }
    if (this.#pace.pauseMs > 0) {
      this.socket.pause();
      setTimeout(() => this.socket.resume(), this.#pace.pauseMs);
    }
  }

  #head(head: ResponseHead): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      throw new Error('an answer that nobody has asked for');
    }
    first.head = head;
    const id = head.fields.get('x-id');
    if (id !== undefined && id !== String(first.plan.id)) {
      throw new Error(`the answer to ${id}`);
    }
  }

  #finishFirst(): void {
    const [first] = this.#waiting;
    const status = first?.head?.status ?? 0;
    const local = first?.head?.fields.get('weft-error');
    if (first === undefined) {
      return;
    }
    if (local !== undefined) {
      this.#settle('local', local);
    } else if (first.plan.flaky && status === 503) {
      this.#settle('whole', '');
    } else {
      this.#judge(first, status);
    }
  }

  #judge({ plan, check }: Asked, status: number): void {
    const expected = plan.route === 'tunnel' ? plan.upBytes : plan.downBytes;
    const bytes = plan.method === 'HEAD' ? 0 : expected;
    const isRight = (status === 200 || status === 101) && check.wrongAt === null;
    if (isRight && check.bytes === bytes) {
      this.#settle('whole', '');
    } else if (isRight && check.bytes < bytes && (status === 101 || plan.downCoding === 'close')) {
      // The kernel ends the connections of a killed process in order: that this is no end only its bytes tell.
      this.#settle('cut', '');
    } else {
      const said = `${status}, ${check.bytes} bytes, a wrong one at ${check.wrongAt}`;
      this.#settle('wrong', said);
    }
  }

  #end(inOrder: boolean): void {
    if (inOrder) {
      this.#reader.endOfConnection();
      this.socket.end();
    } else {
      this.socket.destroy();
    }
    this.#giveUp();
  }

  #giveUp(): void {
    this.#isOver = true;
    while (this.#waiting.length > 0) {
      this.#settle(this.#waiting[0]?.head ? 'cut' : 'unanswered', '');
    }
  }

  #settle(what: Outcome['what'], reason: string): void {
    const first = this.#waiting.shift();
    if (first === undefined) {
      return;
    }
    const { plan, from, head } = first;
    const [endpoint, life] = head?.fields.get('x-origin')?.split('.') ?? [];
    const origin =
      endpoint === undefined ? null : { endpoint: Number(endpoint), life: Number(life) };
    const status = head?.status ?? 0;
    first.resolve({ plan, what, status, reason, origin, from, to: Date.now() });
  }
}
