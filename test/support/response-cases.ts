// Responses that programs read in different ways, or that must not be read at all: what a client gets of each.

export interface ResponseCase {
  readonly name: string;
  /** The section that decides. */
  readonly rfc: string;
  readonly method?: string;
  /** latin1. Behind them the backend ends the connection. */
  readonly bytes: string;
  /** What the client gets: exactly this, a 502 instead, or the beginning and then a reset. */
  readonly gets: string | 502 | 'reset';
}

const ok = 'HTTP/1.1 200 OK\r\n';

const refusedBy =
  (rfc: string) =>
  (name: string, bytes: string): ResponseCase => ({ name, rfc, bytes, gets: 502 });

const line = refusedBy('RFC 9112 4');
const fields = refusedBy('RFC 9112 5');
const framing = refusedBy('RFC 9112 6.3');
const chunk = (name: string, body: string): ResponseCase => ({
  name,
  rfc: 'RFC 9112 7.1',
  bytes: `${ok}Transfer-Encoding: chunked\r\n\r\n${body}`,
  gets: 'reset',
});

const passed = (name: string, rfc: string, bytes: string, gets = bytes): ResponseCase => ({
  name,
  rfc,
  bytes,
  gets,
});

export const responseCases: readonly ResponseCase[] = [
  line('nothing', ''),
  line('HTTP/0.9', 'hello'),
  line('a version alone', 'HTTP/1.1\r\n\r\n'),
  line('a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'),
  line('a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'),
  line('a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'),
  line('a status below 100', 'HTTP/1.1 099 Low\r\n\r\n'),
  line('a status with a sign', 'HTTP/1.1 +20 OK\r\n\r\n'),
  line('two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'),
  line('a version of another protocol', 'ICY 200 OK\r\n\r\n'),
  line('HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'),
  line('a control character in the reason', 'HTTP/1.1 200 O\x01K\r\n\r\n'),
  line('an empty line in front', `\r\n${ok}Content-Length: 0\r\n\r\n`),
  line('half a head', `${ok}Content-Le`),
  fields('bare LFs', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
  fields('a bare CR in a value', `${ok}X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n`),
  fields('a NUL in a value', `${ok}X: a\0b\r\nContent-Length: 0\r\n\r\n`),
  fields('a folded value', `${ok}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`),
  fields('a space before the colon', `${ok}Content-Length : 0\r\n\r\n`),
  fields('a second status line', `${ok}${ok}Content-Length: 0\r\n\r\n`),
  fields('a line without a colon', `${ok}nothing\r\nContent-Length: 0\r\n\r\n`),
  framing('two equal lengths', `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`),
  framing('two lengths', `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!`),
  framing('a list of lengths', `${ok}Content-Length: 2, 2\r\n\r\nhi`),
  framing('a negative length', `${ok}Content-Length: -2\r\n\r\nhi`),
  framing('2^64 + 2', `${ok}Content-Length: 18446744073709551618\r\n\r\nhi`),
  framing(
    'a length and chunks',
    `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ),
  framing('another coding', `${ok}Transfer-Encoding: gzip\r\n\r\nhi`),
  framing('chunked twice', `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`),
  framing('chunks of HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  framing(
    'a switch that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw',
  ),
  framing(
    'a length that Connection names',
    `${ok}Connection: Content-Length\r\nContent-Length: 2\r\n\r\nhi`,
  ),
  chunk('no size', '\r\nhi\r\n0\r\n\r\n'),
  chunk('a size with a sign', '+2\r\nhi\r\n0\r\n\r\n'),
  chunk('a bare LF behind a size', '2\nhi\r\n0\r\n\r\n'),
  chunk('no line end behind a chunk', '2\r\nhi0\r\n\r\n'),
  chunk('Content-Length as a trailer', '2\r\nhi\r\n0\r\nContent-Length: 2\r\n\r\n'),
  chunk('no last chunk', '2\r\nhi\r\n'),
  chunk('half a trailer', '2\r\nhi\r\n0\r\nX: y'),
  {
    name: 'fewer bytes than its length',
    rfc: 'RFC 9112 8',
    bytes: `${ok}Content-Length: 3\r\n\r\nhi`,
    gets: 'reset',
  },
  passed(
    'more bytes than its length',
    'RFC 9112 6.3',
    `${ok}Content-Length: 2\r\n\r\nhi there`,
    `${ok}Content-Length: 2\r\n\r\nhi`,
  ),
  passed(
    'a body of 204',
    'RFC 9112 6.3',
    'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi',
    'HTTP/1.1 204 No Content\r\n\r\n',
  ),
  passed(
    'a body of 304',
    'RFC 9112 6.3',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nhi',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n',
  ),
  {
    ...passed(
      'a body of HEAD',
      'RFC 9112 6.3',
      `${ok}Content-Length: 2\r\n\r\nhi`,
      `${ok}Content-Length: 2\r\n\r\n`,
    ),
    method: 'HEAD',
  },
  passed(
    'a response behind a response',
    'RFC 9112 9.2',
    `${ok}Content-Length: 0\r\n\r\n${ok}Content-Length: 4\r\n\r\nevil`,
    `${ok}Content-Length: 0\r\n\r\n`,
  ),
  passed('no reason', 'RFC 9112 4', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n'),
  passed(
    'no space behind the status',
    'RFC 9112 4',
    'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n',
  ),
  passed(
    'a status that nobody knows',
    'RFC 9110 15',
    'HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n',
  ),
  passed(
    'early hints',
    'RFC 8297',
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ),
  passed(
    'a length in an interim response',
    'RFC 9110 8.6',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
    `HTTP/1.1 103 Early Hints\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
  ),
  passed('until the end', 'RFC 9112 6.3', `${ok}\r\nhello`, `${ok}connection: close\r\n\r\nhello`),
  passed(
    'HTTP/1.0',
    'RFC 9110 2.5',
    'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    `${ok}Content-Length: 2\r\n\r\nhi`,
  ),
  passed(
    'an extension',
    'RFC 9112 7.1.1',
    `${ok}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n`,
    `${ok}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  ),
];
