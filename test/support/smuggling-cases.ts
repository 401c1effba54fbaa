// Requests that programs read in different ways, or that must not be read at all: what Weft makes of each, and why.
// `\r\n` is written out, so that a case is exactly its bytes (latin1).

export interface RequestCase {
  readonly name: string;
  /** The section that decides. */
  readonly rfc: string;
  readonly bytes: string;
  /** Requests that reach the backend. */
  readonly seen: number;
  /** The status with which the next one is refused; absent: none is. */
  readonly refused?: number;
}

const host = 'Host: a\r\n';
const get = `GET / HTTP/1.1\r\n${host}\r\n`;
const chunkedFields = `${host}Transfer-Encoding: chunked\r\n`;

const refusedBy =
  (rfc: string, status = 400) =>
  (name: string, bytes: string): RequestCase => ({ name, rfc, bytes, seen: 0, refused: status });

const passedBy =
  (rfc: string, seen = 1) =>
  (name: string, bytes: string): RequestCase => ({ name, rfc, bytes, seen });

/** A GET with these lines of fields. */
const withFields = (fields: string): string => `GET / HTTP/1.1\r\n${fields}\r\n`;
const post = (fields: string, body = ''): string => `POST / HTTP/1.1\r\n${fields}\r\n${body}`;
const chunks = (body: string): string => post(chunkedFields, body);

const line = refusedBy('RFC 9112 3');
const version = refusedBy('RFC 9110 2.5', 505);
const target = refusedBy('RFC 9112 3.2');
const field = refusedBy('RFC 9112 5');
const fieldName = refusedBy('RFC 9110 5.6.2');
const fieldValue = refusedBy('RFC 9110 5.5');
const lineEnd = refusedBy('RFC 9112 2.2');
const hosts = refusedBy('RFC 9112 3.2');
const hostPart = refusedBy('RFC 3986 3.2');
const emptyHost = refusedBy('RFC 9110 4.2.1');
const length = refusedBy('RFC 9112 6.3');
const coding = refusedBy('RFC 9112 6.1');
const otherCoding = refusedBy('RFC 9112 6.1', 501);
const chunk = refusedBy('RFC 9112 7.1');
const extension = refusedBy('RFC 9112 7.1.1');
const trailer = refusedBy('RFC 9110 6.5.1');
const connection = refusedBy('RFC 9110 7.6.1');

const firstLines: readonly RequestCase[] = [
  line('HTTP/0.9', 'GET /\r\n\r\n'),
  line('no target', 'GET HTTP/1.1\r\nHost: a\r\n\r\n'),
  line('two spaces before the target', `GET  / HTTP/1.1\r\n${host}\r\n`),
  line('two spaces before the version', `GET /  HTTP/1.1\r\n${host}\r\n`),
  line('a space before the method', ` GET / HTTP/1.1\r\n${host}\r\n`),
  line('a space behind the version', `GET / HTTP/1.1 \r\n${host}\r\n`),
  line('a tab instead of a space', `GET\t/ HTTP/1.1\r\n${host}\r\n`),
  line('a space in the target', `GET /a b HTTP/1.1\r\n${host}\r\n`),
  line('words behind the version', `GET / HTTP/1.1 HTTP/1.1\r\n${host}\r\n`),
  line('a method with a colon', `G:T / HTTP/1.1\r\n${host}\r\n`),
  line('a method with high bytes', `G\xc3\x89T / HTTP/1.1\r\n${host}\r\n`),
  line('an empty method', ` / HTTP/1.1\r\n${host}\r\n`),
  line('a method in brackets', `(GET) / HTTP/1.1\r\n${host}\r\n`),
  line('a version without a name', `GET / 1.1\r\n${host}\r\n`),
  line('a version in lower case', `GET / http/1.1\r\n${host}\r\n`),
  line('a version with two digits', `GET / HTTP/1.10\r\n${host}\r\n`),
  line('a version with a sign', `GET / HTTP/+1.1\r\n${host}\r\n`),
  line('a version of one number', `GET / HTTP/1\r\n${host}\r\n`),
  line('a version of another protocol', `GET / RTSP/1.0\r\n${host}\r\n`),
  version('HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n`),
  version('HTTP/2.0', `GET / HTTP/2.0\r\n${host}\r\n`),
  version('HTTP/3.0', `GET / HTTP/3.0\r\n${host}\r\n`),
  version('HTTP/0.9 by name', `GET / HTTP/0.9\r\n${host}\r\n`),
  version('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  target('a NUL in the target', `GET /a\0b HTTP/1.1\r\n${host}\r\n`),
  target('a tab in the target', `GET /a\tb HTTP/1.1\r\n${host}\r\n`),
  target('a DEL in the target', `GET /a\x7fb HTTP/1.1\r\n${host}\r\n`),
  target('a fragment', `GET /a#b HTTP/1.1\r\n${host}\r\n`),
  target('a target without a slash', `GET a HTTP/1.1\r\n${host}\r\n`),
  target('the asterisk of GET', `GET * HTTP/1.1\r\n${host}\r\n`),
  target('an authority of GET', `GET a:80 HTTP/1.1\r\n${host}\r\n`),
  target('a path of CONNECT', `CONNECT /a HTTP/1.1\r\n${host}\r\n`),
  target('a CONNECT without a port', `CONNECT a HTTP/1.1\r\n${host}\r\n`),
  target('a URI of CONNECT', `CONNECT http://a:80 HTTP/1.1\r\n${host}\r\n`),
  target('user information', `GET http://u@a/ HTTP/1.1\r\n${host}\r\n`),
  target('another scheme', `GET ftp://a/ HTTP/1.1\r\n${host}\r\n`),
  target('a scheme without a host', `GET http:///x HTTP/1.1\r\n${host}\r\n`),
  target('a scheme with one slash', `GET http:/a HTTP/1.1\r\n${host}\r\n`),
];

const lineEnds: readonly RequestCase[] = [
  lineEnd('a bare LF behind the first line', `GET / HTTP/1.1\n${host}\r\n`),
  lineEnd('a bare LF behind a field', 'GET / HTTP/1.1\r\nHost: a\n\r\n'),
  lineEnd('a bare LF as the empty line', `GET / HTTP/1.1\r\n${host}\n`),
  lineEnd('bare LFs everywhere', 'GET / HTTP/1.1\nHost: a\n\n'),
  lineEnd('a bare CR in the first line', `GET /\r HTTP/1.1\r\n${host}\r\n`),
  lineEnd('a bare CR in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n'),
  lineEnd('a bare CR in a name', 'GET / HTTP/1.1\r\nHost: a\r\nX\rY: b\r\n\r\n'),
  lineEnd('two CRs', 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n'),
  lineEnd('LF CR', 'GET / HTTP/1.1\n\rHost: a\n\r\n\r'),
  lineEnd(
    'a field behind a bare CR',
    'GET / HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 5\r\n\r\n',
  ),
  lineEnd(
    'a request behind a bare LF',
    `GET / HTTP/1.1\r\nHost: a\r\nX: y\n\nGET /evil HTTP/1.1\r\n${host}\r\n`,
  ),
  lineEnd('two empty lines in front', `\r\n\r\n${get}`),
  passedBy('RFC 9112 2.2')('one empty line in front', `\r\n${get}`),
];

const fields: readonly RequestCase[] = [
  field('a space before the colon', withFields(`${host}X : y\r\n`)),
  field('a tab before the colon', withFields(`${host}X\t: y\r\n`)),
  field(
    'a space before the colon of Content-Length',
    post(`${host}Content-Length : 5\r\n`, 'hello'),
  ),
  field(
    'a space before the colon of Transfer-Encoding',
    post(`${host}Transfer-Encoding : chunked\r\n`, '0\r\n\r\n'),
  ),
  field('a space before a name', withFields(`${host} X: y\r\n`)),
  field('a folded value', withFields(`${host}X: a\r\n b\r\n`)),
  field('a value folded by a tab', withFields(`${host}X: a\r\n\tb\r\n`)),
  field(
    'a folded Transfer-Encoding',
    post(`${host}Transfer-Encoding:\r\n chunked\r\n`, '0\r\n\r\n'),
  ),
  field('a folded Content-Length', post(`${host}Content-Length:\r\n 5\r\n`, 'hello')),
  field('a first field that is folded', `GET / HTTP/1.1\r\n Host: a\r\n\r\n`),
  field('a line without a colon', withFields(`${host}nothing\r\n`)),
  field('an empty name', withFields(`${host}: y\r\n`)),
  fieldName('a name with a space', withFields(`${host}X Y: z\r\n`)),
  fieldName('a name with a NUL', withFields(`${host}X\0: z\r\n`)),
  fieldName('a name with a slash', withFields(`${host}X/Y: z\r\n`)),
  fieldName('a name in quotes', withFields(`${host}"X": z\r\n`)),
  fieldName('a name with high bytes', withFields(`${host}X\xe9: z\r\n`)),
  fieldName('a name with a bracket', withFields(`${host}X[0]: z\r\n`)),
  fieldName(
    'a Content-Length with a NUL in its name',
    post(`${host}Content\0Length: 5\r\n`, 'hello'),
  ),
  fieldName('a vertical tab in a name', withFields(`${host}X\x0bY: z\r\n`)),
  fieldValue('a NUL in a value', withFields(`${host}X: a\0b\r\n`)),
  fieldValue('a bell in a value', withFields(`${host}X: a\x07b\r\n`)),
  fieldValue('a DEL in a value', withFields(`${host}X: a\x7fb\r\n`)),
  fieldValue('an escape in a value', withFields(`${host}X: \x1b[0m\r\n`)),
  fieldValue(
    'a vertical tab before chunked',
    post(`${host}Transfer-Encoding: \x0bchunked\r\n`, '0\r\n\r\n'),
  ),
  fieldValue('a form feed in Host', withFields('Host: a\x0c\r\n')),
  refusedBy('RFC 6585 5', 431)('too many fields', withFields(host + 'X: y\r\n'.repeat(200))),
  refusedBy('RFC 6585 5', 431)(
    'too many bytes of fields',
    withFields(`${host}X: ${'y'.repeat(70_000)}\r\n`),
  ),
  passedBy('RFC 9110 5.5')('an empty value', withFields(`${host}X:\r\n`)),
  passedBy('RFC 9110 5.5')('a value with high bytes', withFields(`${host}X: \xe9\xff\r\n`)),
  passedBy('RFC 9110 5.5')(
    'tabs and spaces around a value',
    withFields(`${host}X: \t a\tb \t\r\n`),
  ),
];

const hostCases: readonly RequestCase[] = [
  hosts('no Host', 'GET / HTTP/1.1\r\n\r\n'),
  hosts('two Hosts', withFields('Host: a\r\nHost: a\r\n')),
  hosts('two Hosts that differ', withFields('Host: a\r\nHost: b\r\n')),
  hosts('two Hosts in other cases', withFields('Host: a\r\nhOST: b\r\n')),
  hosts('a Host with a space', withFields('Host: a b\r\n')),
  hosts('a Host with a path', withFields('Host: a/b\r\n')),
  hosts('a Host with user information', withFields('Host: u@a\r\n')),
  hosts('a Host with a list', withFields('Host: a, b\r\n')),
  hosts('a Host with a fragment', withFields('Host: a#b\r\n')),
  hosts('a Host with a query', withFields('Host: a?b\r\n')),
  hosts('a Host with a backslash', withFields('Host: a\\b\r\n')),
  hosts('a Host with high bytes', withFields('Host: \xe9\r\n')),
  hosts('two Hosts of HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'),
  passedBy('RFC 9112 3.2.2')(
    'a URI that differs from Host',
    `GET http://b/x HTTP/1.1\r\n${host}\r\n`,
  ),
  passedBy('RFC 9112 3.2')('no Host of HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'),
  emptyHost('an empty Host', withFields('Host:\r\n')),
  emptyHost('an empty Host of HTTP/1.0', 'GET / HTTP/1.0\r\nHost: \r\n\r\n'),
  emptyHost('a Host that is a port alone', withFields('Host: :80\r\n')),
  emptyHost('a URI with a port alone', `GET http://:80/ HTTP/1.1\r\n${host}\r\n`),
  hostPart('a Host with two colons', withFields('Host: a:80:80\r\n')),
  hostPart('a Host with a port of letters', withFields('Host: a:b\r\n')),
  hostPart('a Host with an open bracket', withFields('Host: [::1\r\n')),
  hostPart('a Host with a name in brackets', withFields('Host: [a]\r\n')),
  hostPart('a Host with bytes behind a bracket', withFields('Host: [::1]a\r\n')),
  hostPart('a Host with half a percent-encoding', withFields('Host: a%2\r\n')),
  hostPart('a URI with a port of letters', `GET http://a:b/ HTTP/1.1\r\n${host}\r\n`),
  hostPart('a URI with an open bracket', `GET http://[a/ HTTP/1.1\r\n${host}\r\n`),
  hostPart('a CONNECT with two ports', `CONNECT a:80:80 HTTP/1.1\r\n${host}\r\n`),
  passedBy('RFC 3986 3.2.2')('a Host with marks', withFields("Host: a!$&'()*+,;=~b\r\n")),
  passedBy('RFC 3986 3.2.2')('a Host with a percent-encoding', withFields('Host: a%20b\r\n')),
  passedBy('RFC 3986 3.2.3')('a Host with an empty port', withFields('Host: a:\r\n')),
  passedBy('RFC 3986 3.2.2')('a Host with an address', withFields('Host: [::1]:80\r\n')),
  passedBy('RFC 9112 3.2.2')('a URI without a path', `GET http://b HTTP/1.1\r\n${host}\r\n`),
  passedBy('RFC 9112 3.2.2')('a URI with a query alone', `GET http://b?c HTTP/1.1\r\n${host}\r\n`),
];

const lengths: readonly RequestCase[] = [
  length('two equal lengths', post(`${host}Content-Length: 5\r\nContent-Length: 5\r\n`, 'hello')),
  length('two lengths', post(`${host}Content-Length: 5\r\nContent-Length: 6\r\n`, 'hello')),
  length(
    'two lengths in other cases',
    post(`${host}Content-Length: 5\r\nCONTENT-LENGTH: 0\r\n`, 'hello'),
  ),
  length('a list of equal lengths', post(`${host}Content-Length: 5, 5\r\n`, 'hello')),
  length('a list of lengths', post(`${host}Content-Length: 5, 6\r\n`, 'hello')),
  length('a negative length', post(`${host}Content-Length: -5\r\n`, 'hello')),
  length('a length with a sign', post(`${host}Content-Length: +5\r\n`, 'hello')),
  length('a hexadecimal length', post(`${host}Content-Length: 0x5\r\n`, 'hello')),
  length('a length with a fraction', post(`${host}Content-Length: 5.0\r\n`, 'hello')),
  length('a length with a space inside', post(`${host}Content-Length: 5 5\r\n`, 'hello')),
  length('a length in quotes', post(`${host}Content-Length: "5"\r\n`, 'hello')),
  length('an empty length', post(`${host}Content-Length:\r\n`, '')),
  length('a length of letters', post(`${host}Content-Length: five\r\n`, 'hello')),
  length('a length with a unit', post(`${host}Content-Length: 5b\r\n`, 'hello')),
  length('a length with an exponent', post(`${host}Content-Length: 5e0\r\n`, 'hello')),
  length('a length with an underscore', post(`${host}Content-Length: 1_0\r\n`, 'hello')),
  length('2^64 + 5', post(`${host}Content-Length: 18446744073709551621\r\n`, 'hello')),
  length('2^63', post(`${host}Content-Length: 9223372036854775808\r\n`, 'hello')),
  length('a thousand digits', post(`${host}Content-Length: ${'9'.repeat(1000)}\r\n`, 'hello')),
  passedBy('RFC 9110 8.6')(
    'zeros in front of a length',
    post(`${host}Content-Length: 0005\r\n`, 'hello'),
  ),
  passedBy('RFC 9110 8.6')(
    'a GET with a body',
    `GET / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`,
  ),
  passedBy('RFC 9112 6.3', 2)(
    'a request in a body is a body',
    post(`${host}Content-Length: ${get.length}\r\n`, get) + get,
  ),
  passedBy('RFC 9112 6.3', 2)(
    'a request behind a body',
    post(`${host}Content-Length: 5\r\n`, 'hello') + get,
  ),
  passedBy('RFC 9112 6.3', 2)('a request behind none', post(host) + get),
  passedBy('RFC 9112 6.3', 2)(
    'a request behind no bytes',
    post(`${host}Content-Length: 0\r\n`) + get,
  ),
];

const both = (one: string, other: string): string =>
  post(`${host}${one}${other}`, `0\r\n\r\n${get}`);
const te = 'Transfer-Encoding: chunked\r\n';
const cl = 'Content-Length: 5\r\n';

const codings: readonly RequestCase[] = [
  coding('CL.TE', both(cl, te)),
  coding('TE.CL', both(te, cl)),
  coding('CL.TE with a length of 0', both('Content-Length: 0\r\n', te)),
  coding('TE.CL in other cases', both('TRANSFER-ENCODING: CHUNKED\r\n', 'content-length: 5\r\n')),
  coding('CL and another coding', both(cl, 'Transfer-Encoding: gzip\r\n')),
  coding('CL and identity', both(cl, 'Transfer-Encoding: identity\r\n')),
  coding('CL and an empty coding', both(cl, 'Transfer-Encoding:\r\n')),
  coding('a coding of HTTP/1.0', `POST / HTTP/1.0\r\n${chunkedFields}\r\n0\r\n\r\n`),
  otherCoding('TE.TE', both(te, te)),
  otherCoding('TE.TE that differ', both(te, 'Transfer-Encoding: identity\r\n')),
  otherCoding('TE.TE in the other order', both('Transfer-Encoding: identity\r\n', te)),
  otherCoding('TE.TE with junk', both(te, 'Transfer-Encoding: cow\r\n')),
  otherCoding('xchunked', both('Transfer-Encoding: xchunked\r\n', '')),
  otherCoding('chunked with a parameter', both('Transfer-Encoding: chunked;a=b\r\n', '')),
  otherCoding('chunked twice in a list', both('Transfer-Encoding: chunked, chunked\r\n', '')),
  otherCoding('chunked behind gzip', both('Transfer-Encoding: gzip, chunked\r\n', '')),
  otherCoding('chunked before gzip', both('Transfer-Encoding: chunked, gzip\r\n', '')),
  otherCoding(
    'chunked and identity in a list',
    both('Transfer-Encoding: chunked, identity\r\n', ''),
  ),
  otherCoding('chunked behind a comma', both('Transfer-Encoding: ,chunked\r\n', '')),
  otherCoding('chunked in quotes', both('Transfer-Encoding: "chunked"\r\n', '')),
  otherCoding('chunked with a high byte', both('Transfer-Encoding: chunked\xa0\r\n', '')),
  otherCoding('identity', both('Transfer-Encoding: identity\r\n', '')),
  otherCoding('an empty coding', both('Transfer-Encoding:\r\n', '')),
  otherCoding('chunk', both('Transfer-Encoding: chunk\r\n', '')),
  otherCoding('chunked with a dot', both('Transfer-Encoding: chunked.\r\n', '')),
  passedBy('RFC 9112 6.1', 2)(
    'Chunked',
    post(`${host}Transfer-Encoding: Chunked\r\n`, '0\r\n\r\n') + get,
  ),
  passedBy('RFC 9110 5.5')(
    'tabs around a length',
    post(`${host}Content-Length:\t5\t\r\n`, 'hello'),
  ),
  passedBy('RFC 9112 6.1', 2)(
    'chunked with blanks around',
    post(`${host}Transfer-Encoding: \tchunked \r\n`, '0\r\n\r\n') + get,
  ),
  passedBy('RFC 9110 10.1.4', 2)(
    'TE is no coding',
    `GET / HTTP/1.1\r\n${host}TE: chunked\r\n\r\n${get}`,
  ),
];

const chunkCases: readonly RequestCase[] = [
  chunk('no size', chunks('\r\n\r\n')),
  chunk('a size of letters', chunks('xyz\r\nabc\r\n0\r\n\r\n')),
  chunk('a size with a sign', chunks('+5\r\nhello\r\n0\r\n\r\n')),
  chunk('a negative size', chunks('-5\r\nhello\r\n0\r\n\r\n')),
  chunk('a size with 0x', chunks('0x5\r\nhello\r\n0\r\n\r\n')),
  chunk('a size with an underscore', chunks('0_5\r\nhello\r\n0\r\n\r\n')),
  chunk('a size behind a space', chunks(' 5\r\nhello\r\n0\r\n\r\n')),
  chunk('a size of 17 digits', chunks('00000000000000005\r\nhello\r\n0\r\n\r\n')),
  chunk('a size of 2^64 + 5', chunks('10000000000000005\r\nhello\r\n0\r\n\r\n')),
  chunk('a size of 2^63', chunks('8000000000000000\r\nhello\r\n0\r\n\r\n')),
  chunk('a bare LF behind a size', chunks('5\nhello\r\n0\r\n\r\n')),
  chunk('a bare CR behind a size', chunks('5\rhello\r\n0\r\n\r\n')),
  chunk('a NUL behind a size', chunks('5\0\r\nhello\r\n0\r\n\r\n')),
  chunk('words behind a size', chunks('5 x\r\nhello\r\n0\r\n\r\n')),
  chunk('a bare LF behind a chunk', chunks('5\r\nhello\n0\r\n\r\n')),
  chunk('no line end behind a chunk', chunks('5\r\nhello0\r\n\r\n')),
  chunk('a chunk that is longer than its size', chunks('5\r\nhello!\r\n0\r\n\r\n')),
  chunk('two bytes instead of a line end', chunks('5\r\nhelloXX0\r\n\r\n')),
  chunk('a bare LF in an extension', chunks('5;a\nb\r\nhello\r\n0\r\n\r\n')),
  chunk('a bare CR in an extension', chunks('5;a\rb\r\nhello\r\n0\r\n\r\n')),
  chunk('a NUL in an extension', chunks('5;a\0b\r\nhello\r\n0\r\n\r\n')),
  extension('an extension without a name', chunks('5;\r\nhello\r\n0\r\n\r\n')),
  extension('two semicolons', chunks('5;;\r\nhello\r\n0\r\n\r\n')),
  extension('an extension with an open quote', chunks('5;a="b\r\nhello\r\n0\r\n\r\n')),
  extension('an extension with high bytes', chunks('5;\xe9\r\nhello\r\n0\r\n\r\n')),
  extension('words behind an extension', chunks('5;a b\r\nhello\r\n0\r\n\r\n')),
  chunk('an extension of 2 KiB', chunks(`5;${'a'.repeat(2048)}\r\nhello\r\n0\r\n\r\n`)),
  chunk('a bare LF behind the last chunk', chunks(`5\r\nhello\r\n0\n\r\n`)),
  chunk('a bare LF as the end', chunks(`5\r\nhello\r\n0\r\n\n`)),
  passedBy('RFC 9112 7.1.1', 2)('an extension', chunks('5;a=b\r\nhello\r\n0\r\n\r\n') + get),
  passedBy('RFC 9112 7.1.1', 2)(
    'an extension that looks like a size',
    chunks(`5;6\r\nhello\r\n0\r\n\r\n`) + get,
  ),
  passedBy('RFC 9112 7.1', 2)(
    'zeros in front of a size',
    chunks('0000005\r\nhello\r\n000\r\n\r\n') + get,
  ),
  passedBy('RFC 9112 7.1.1', 2)(
    'blanks before an extension',
    chunks('5 \t;a\r\nhello\r\n0\r\n\r\n') + get,
  ),
  passedBy('RFC 9112 7.1.1', 2)(
    'an extension in quotes',
    chunks('5;a="b;c\\"d"\r\nhello\r\n0\r\n\r\n') + get,
  ),
  passedBy('RFC 9112 7.1', 2)('a size in capitals', chunks('A\r\n0123456789\r\n0\r\n\r\n') + get),
  passedBy('RFC 9112 7.1', 2)(
    'a request in a chunk is a body',
    chunks(`${get.length.toString(16)}\r\n${get}\r\n0\r\n\r\n`) + get,
  ),
];

const last = `5\r\nhello\r\n0\r\n`;

const trailers: readonly RequestCase[] = [
  trailer('Content-Length as a trailer', chunks(`${last}Content-Length: 5\r\n\r\n`)),
  trailer('Transfer-Encoding as a trailer', chunks(`${last}Transfer-Encoding: chunked\r\n\r\n`)),
  trailer('Host as a trailer', chunks(`${last}Host: b\r\n\r\n`)),
  trailer('Connection as a trailer', chunks(`${last}Connection: close\r\n\r\n`)),
  trailer('Expect as a trailer', chunks(`${last}Expect: 100-continue\r\n\r\n`)),
  trailer('Upgrade as a trailer', chunks(`${last}Upgrade: x\r\n\r\n`)),
  trailer('TE as a trailer', chunks(`${last}TE: trailers\r\n\r\n`)),
  trailer('a trailer without a colon', chunks(`${last}nothing\r\n\r\n`)),
  trailer('a folded trailer', chunks(`${last}X: a\r\n b\r\n\r\n`)),
  trailer('a trailer with a space before the colon', chunks(`${last}X : a\r\n\r\n`)),
  trailer('a request line as a trailer', chunks(`${last}GET /evil HTTP/1.1\r\n${host}\r\n`)),
  passedBy('RFC 9110 6.5', 2)('a trailer', chunks(`${last}X-Sum: 1\r\n\r\n`) + get),
];

const connections: readonly RequestCase[] = [
  connection('Connection names Host', withFields(`${host}Connection: host\r\n`)),
  connection(
    'Connection names Content-Length',
    post(`${host}Connection: close, Content-Length\r\n${cl}`, 'hello'),
  ),
  connection(
    'Connection names Transfer-Encoding',
    post(`${chunkedFields}Connection: transfer-encoding\r\n`, '0\r\n\r\n'),
  ),
  passedBy('RFC 9110 7.6.1')(
    'Connection names a field',
    withFields(`${host}Connection: X-A\r\nX-A: b\r\n`),
  ),
  passedBy('RFC 9113 3.1')(
    'Upgrade to h2c',
    withFields(
      `${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n`,
    ),
  ),
  passedBy('RFC 9112 9.6')(
    'a request behind Connection: close is none',
    withFields(`${host}Connection: close\r\n`) + get,
  ),
  passedBy('RFC 9112 9.3')(
    'a request behind one of HTTP/1.0 is none',
    `GET / HTTP/1.0\r\n${host}\r\n${get}`,
  ),
  passedBy('RFC 9110 7.8', 2)(
    'an upgrade that nobody agrees to',
    withFields(`${host}Connection: Upgrade\r\nUpgrade: x\r\n`) + get,
  ),
  passedBy('RFC 9112 9.3.2', 3)('three at once', get + get + get),
  { ...line('junk behind a good request', `${get}junk\r\n\r\n`), seen: 1 },
  {
    ...length('two lengths behind a good request', get + post(`${host}${cl}${cl}`, 'hello')),
    seen: 1,
  },
  {
    ...line('a body without a length is a request', `${post(host)}hello`.concat('\r\n\r\n')),
    seen: 1,
  },
];

export const requestCases: readonly RequestCase[] = [
  ...firstLines,
  ...lineEnds,
  ...fields,
  ...hostCases,
  ...lengths,
  ...codings,
  ...chunkCases,
  ...trailers,
  ...connections,
];
