// What holds for connections that carry HTTP: towards clients, and towards endpoints.

import { defaults } from './defaults.ts';
import { duration, object, oneOf, optional } from './schema-node.ts';

const forwarded = object(
  'ForwardedConfig',
  'What requests are told of who sent them, in headers that Weft writes.',
  {
    headers: optional(
      'Which: `x-forwarded` stands for `x-forwarded-for`, `x-forwarded-proto` and `x-forwarded-host`, `forwarded` for the header of RFC 7239.',
      { kind: 'list', item: oneOf('ForwardedHeader', ['x-forwarded', 'forwarded']) },
      { default: defaults.forwardedHeaders },
    ),
    from: optional(
      'Networks whose clients are believed what they say of others in these headers: Weft adds to it. What others say there is removed.',
      { kind: 'list', item: { kind: 'network' } },
      { default: defaults.forwardedFrom },
    ),
  },
);

export const httpListener = object(
  'HttpListenerConfig',
  'How requests of HTTP/1 are read, and what answers of Weft itself say.',
  {
    headTimeout: optional(
      'From the first byte of the head of a request to its last; who takes longer gets 408.',
      duration(10, 600_000),
      { default: defaults.httpHeadTimeoutMs },
    ),
    headBytesMax: optional(
      'Bytes of the head of a request; who sends more gets 431.',
      { kind: 'size', minBytes: 1_024, maxBytes: 98_304 },
      { default: defaults.httpHeadBytesMax },
    ),
    headFieldsMax: optional(
      'Fields of the head of a request; who sends more gets 431.',
      { kind: 'integer', min: 8, max: 256 },
      { default: defaults.httpHeadFieldsMax },
    ),
    errorHeader: optional(
      'Whether answers that Weft writes itself say why, in the header `weft-error`.',
      { kind: 'boolean' },
      { default: defaults.httpErrorHeader },
    ),
    forwarded: optional('What requests are told of who sent them.', forwarded, {
      nullMeans: 'nothing; what they say themselves goes on',
      default: defaults.httpForwarded,
    }),
    via: optional(
      'How Weft calls itself in the header `via` of requests and responses.',
      { kind: 'text', grammar: 'fieldName', charsMax: 64 },
      { nullMeans: 'it does not', default: defaults.httpVia },
    ),
    requestId: optional(
      'Header in which each request gets an id by chance, unless it came with one.',
      { kind: 'text', grammar: 'fieldName', charsMax: 64 },
      { nullMeans: 'none', default: defaults.httpRequestId },
    ),
  },
);

export const httpCluster = object(
  'HttpClusterConfig',
  'Connections to endpoints that wait for the next request.',
  {
    idleTimeout: optional(
      'A connection without a request is closed after so long.',
      duration(10, 3_600_000),
      { default: defaults.httpIdleTimeoutMs },
    ),
    idleMax: optional(
      'Connections without a request to one endpoint, for each worker; more are closed.',
      { kind: 'integer', min: 0, max: 1_000_000 },
      { default: defaults.httpIdleMax },
    ),
    ageMax: optional(
      'A connection that is older, give or take a tenth, serves no further request.',
      duration(100, 604_800_000),
      { nullMeans: 'as long as it works', default: defaults.httpAgeMaxMs },
    ),
    queueMax: optional(
      'Requests of each worker that wait for a connection while a limit of the cluster stands against a new one, the first first; more are answered 503 at once.',
      { kind: 'integer', min: 0, max: 1_000_000 },
      { default: defaults.httpQueueMax },
    ),
    queueTimeout: optional(
      'How long such a request waits before it is answered 503, with the limit as the reason.',
      duration(1, 600_000),
      { default: defaults.httpQueueTimeoutMs },
    ),
  },
);
