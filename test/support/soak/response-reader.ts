// Reads the responses of one connection of HTTP/1.1, strictly: what is not as RFC 9112 has it is an error. It keeps
// nothing of bodies and knows nothing of sockets.

export interface ResponseHead {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

export interface ResponseSink {
  /** The method of the request that the next response answers. */
  method(): string;
  head(head: ResponseHead): void;
  body(bytes: Buffer): void;
  /** Of a response. */
  end(): void;
}

type State = 'head' | 'length' | 'size' | 'chunk' | 'chunkEnd' | 'trailers' | 'untilClose';

const maxLine = 64 * 1024;

export class ResponseReader {
  readonly #sink: ResponseSink;
  #state: State = 'head';
  #left = 0;
  #waiting: Buffer = Buffer.alloc(0);

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** Throws at what is no response. */
  take(bytes: Buffer): void {
    let rest = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, bytes]) : bytes;
    this.#waiting = Buffer.alloc(0);
    while (rest.length > 0) {
      const taken = this.#step(rest);
      if (taken === 0) {
        this.#waiting = rest;
        if (rest.length > maxLine) {
          throw new Error(`no end of a ${this.#state}`);
        }
        return;
      }
      rest = rest.subarray(taken);
    }
  }

  /** The connection has ended in order: that is the end of a response without another one. */
  endOfConnection(): void {
    if (this.#state === 'untilClose') {
      this.#finish();
    }
  }

  /** How many bytes it could use; 0: more must come first. */
  #step(rest: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#head(rest);
      case 'size':
        return this.#line(rest, (line) => this.#size(line));
      case 'chunkEnd':
        return this.#line(rest, (line) => this.#expectEmpty(line));
      case 'trailers':
        return this.#line(rest, (line) => line === '' && this.#finish());
      default:
        return this.#body(rest);
    }
  }

  #head(rest: Buffer): number {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) {
      return 0;
    }
    const [first = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1]);
    if (Number.isNaN(status)) {
      throw new Error(`no status line: ${JSON.stringify(first.slice(0, 100))}`);
    }
    const fields = new Map<string, string>();
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
      if (name === '' || fields.has(name.toLowerCase())) {
        throw new Error(`a field that cannot be there: ${JSON.stringify(line)}`);
      }
      fields.set(name.toLowerCase(), value);
    }
    this.#begin({ status, fields });
    return end + 4;
  }

  #begin(head: ResponseHead): void {
    const length = head.fields.get('content-length');
    const isChunked = head.fields.get('transfer-encoding') === 'chunked';
    if (isChunked && length !== undefined) {
      throw new Error('a length and chunks');
    }
    const isEmpty = this.#sink.method() === 'HEAD' || [204, 304].includes(head.status);
    this.#sink.head(head);
    this.#left = Number(length ?? 0);
    if (head.status === 101) {
      this.#state = 'untilClose';
    } else if (isEmpty || (!isChunked && length === '0')) {
      this.#finish();
    } else if (isChunked) {
      this.#state = 'size';
    } else {
      this.#state = length === undefined ? 'untilClose' : 'length';
    }
  }

  #line(rest: Buffer, use: (line: string) => unknown): number {
    const end = rest.indexOf('\r\n');
    if (end < 0) {
      return 0;
    }
    use(rest.toString('latin1', 0, end));
    return end + 2;
  }

  #size(line: string): void {
    if (!/^[0-9a-fA-F]{1,8}$/.test(line)) {
      throw new Error(`no size of a chunk: ${JSON.stringify(line.slice(0, 100))}`);
    }
    this.#left = Number.parseInt(line, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
  }

  #expectEmpty(line: string): void {
    if (line !== '') {
      throw new Error('a chunk that is longer than it says');
    }
    this.#state = 'size';
  }

  #body(rest: Buffer): number {
    if (this.#state === 'untilClose') {
      this.#sink.body(rest);
      return rest.length;
    }
    const piece = rest.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#sink.body(piece);
    if (this.#left === 0 && this.#state === 'chunk') {
      this.#state = 'chunkEnd';
    } else if (this.#left === 0) {
      this.#finish();
    }
    return piece.length;
  }

  #finish(): void {
    this.#state = 'head';
    this.#sink.end();
  }
}
