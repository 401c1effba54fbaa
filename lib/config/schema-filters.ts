// The keys of filters of routes: what happens to requests on their way. The words are those of the Kubernetes Gateway
// API; DirectResponse, FaultInjection and RateLimit are Weft's own.

import { defaults } from './defaults.ts';
import { duration, object, oneOf, optional, required } from './schema-node.ts';

const share = { kind: 'share' } as const;

/** Of the body of an answer: it is part of the configuration. */
const bodyCharsMax = 65_536;

export function text(grammar: 'any' | 'path' | 'fieldName' | 'fieldValue', charsMax: number) {
  return { kind: 'text', grammar, charsMax } as const;
}

export function status(min: number, max: number) {
  return { kind: 'integer', min, max } as const;
}

const headerField = object('HttpHeaderConfig', 'A field and its value.', {
  name: required('Case does not matter.', text('fieldName', 256), "'x-version'"),
  value: required('Without control characters.', text('fieldValue', 4_096), "'2'"),
});

const headerModifier = object('HttpHeaderModifierConfig', 'What changes in the fields of a head.', {
  set: optional(
    'In place of those with the name.',
    { kind: 'list', item: headerField },
    { default: defaults.modifierList },
  ),
  add: optional(
    'Beside those with the name.',
    { kind: 'list', item: headerField },
    { default: defaults.modifierList },
  ),
  remove: optional(
    'Names of fields that are left out.',
    { kind: 'list', item: text('fieldName', 256) },
    { default: defaults.modifierList },
  ),
});

const pathModifier = object('HttpPathModifierConfig', 'What a path becomes; its query stays.', {
  type: required(
    'Whether the whole path is replaced, or the prefix that matched.',
    oneOf('HttpPathModifierType', ['ReplaceFullPath', 'ReplacePrefixMatch']),
    "'ReplacePrefixMatch'",
  ),
  replaceFullPath: optional('The new path.', text('path', 1_024), {
    default: defaults.pathReplacement,
  }),
  replacePrefixMatch: optional(
    'What stands in place of the prefix; a slash at its end makes no difference.',
    text('path', 1_024),
    { default: defaults.pathReplacement },
  ),
});

const redirect = object('HttpRedirectConfig', 'Where the client is sent.', {
  scheme: optional('Of the new address.', oneOf('HttpScheme', ['http', 'https']), {
    default: defaults.redirectPart,
  }),
  hostname: optional(
    'Of the new address.',
    { kind: 'serverName' },
    { default: defaults.redirectPart },
  ),
  path: optional('Of the new address.', pathModifier, { default: defaults.redirectPart }),
  port: optional(
    'Of the new address. With another scheme and no port, the usual one.',
    { kind: 'integer', min: 1, max: 65_535 },
    { default: defaults.redirectPart },
  ),
  statusCode: optional('Of the answer: 301, 302, 303, 307 or 308.', status(301, 308), {
    default: defaults.redirectStatus,
  }),
});

const urlRewrite = object('HttpUrlRewriteConfig', 'What the backend is asked for.', {
  hostname: optional(
    'In place of `Host`.',
    { kind: 'serverName' },
    { default: defaults.rewritePart },
  ),
  path: optional('In place of the path.', pathModifier, { default: defaults.rewritePart }),
});

const directResponse = object('HttpDirectResponseConfig', 'An answer without a backend.', {
  statusCode: optional('Of the answer.', status(200, 599), { default: defaults.directStatus }),
  body: optional('Of the answer.', text('any', bodyCharsMax), { default: defaults.directBody }),
  contentType: optional('Of the body.', text('fieldValue', 256), {
    default: defaults.directContentType,
  }),
});

const faultDelay = object('HttpFaultDelayConfig', 'Requests that wait before they go on.', {
  duration: required('How long.', duration(1, 3_600_000), "'100ms'"),
  share: required('Of the requests, chosen by chance.', share, '0.01'),
});

const faultAbort = object('HttpFaultAbortConfig', 'Requests that are answered with an error.', {
  statusCode: required('Of the answer.', status(400, 599), '503'),
  share: required('Of the requests, chosen by chance.', share, '0.01'),
});

const faultInjection = object(
  'HttpFaultInjectionConfig',
  'Failures on purpose, to see what clients do.',
  {
    delay: optional('Requests that wait.', faultDelay, { default: defaults.faultPart }),
    abort: optional('Requests that fail.', faultAbort, { default: defaults.faultPart }),
  },
);

const rateLimit = object(
  'HttpRateLimitConfig',
  'How many requests go on; more are answered with 429 and `retry-after`. Workers share the limit out.',
  {
    requests: required('So many.', { kind: 'integer', min: 1, max: 1_000_000 }, '100'),
    per: optional('In so long.', duration(1, 86_400_000), { default: defaults.rateLimitPerMs }),
    burst: optional(
      'How many of them may come at once.',
      { kind: 'integer', min: 1, max: 1_000_000 },
      { default: defaults.rateLimitBurst },
    ),
  },
);

const mirrorFraction = object('HttpMirrorFractionConfig', 'A share of the requests.', {
  numerator: required('So many.', { kind: 'integer', min: 0, max: 1_000_000 }, '1'),
  denominator: optional(
    'Of so many.',
    { kind: 'integer', min: 1, max: 1_000_000 },
    { default: defaults.mirrorDenominator },
  ),
});

const mirrorBackendRef = object('HttpMirrorBackendRefConfig', 'Who gets the copies.', {
  cluster: required('The key in `clusters`.', { kind: 'name' }, "'web'"),
});

const requestMirror = object(
  'HttpRequestMirrorConfig',
  'Copies of requests for another cluster, whose responses are dropped. A request goes there when it has come whole, if it has at most 64 KiB; nothing waits for it. `limits.mirrorsMax` bounds how many are under way.',
  {
    backendRef: required('Who gets the copies.', mirrorBackendRef, "{ cluster: 'web' }"),
    percent: optional(
      'Of the requests, chosen by chance.',
      { kind: 'integer', min: 0, max: 100 },
      { default: defaults.mirrorPercent },
    ),
    fraction: optional('The same in finer steps.', mirrorFraction, {
      default: defaults.mirrorFraction,
    }),
    timeout: optional('For a copy and its response.', duration(1, 3_600_000), {
      default: defaults.mirrorTimeoutMs,
    }),
  },
);

export const filterTypes = [
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
  'RequestMirror',
  'DirectResponse',
  'FaultInjection',
  'RateLimit',
] as const;

export const filter = object(
  'HttpFilterConfig',
  'One thing that happens to requests of a rule on their way. The key that its `type` names is there, and no other.',
  {
    type: required(
      'What happens.',
      oneOf('HttpFilterType', filterTypes),
      "'RequestHeaderModifier'",
    ),
    requestHeaderModifier: optional('Of requests.', headerModifier, {
      default: defaults.filterPart,
    }),
    responseHeaderModifier: optional('Of responses of backends.', headerModifier, {
      default: defaults.filterPart,
    }),
    requestRedirect: optional('No backend is asked.', redirect, { default: defaults.filterPart }),
    urlRewrite: optional('Of requests.', urlRewrite, { default: defaults.filterPart }),
    requestMirror: optional(
      'Of requests. A rule may have several filters of this type.',
      requestMirror,
      {
        default: defaults.filterPart,
      },
    ),
    directResponse: optional('No backend is asked.', directResponse, {
      default: defaults.filterPart,
    }),
    faultInjection: optional('Of some requests.', faultInjection, {
      default: defaults.filterPart,
    }),
    rateLimit: optional('Of requests.', rateLimit, { default: defaults.filterPart }),
  },
);

export const backendFilter = object(
  'HttpBackendFilterConfig',
  'What happens to requests to this backend, after the filters of the rule.',
  {
    type: required(
      'What happens.',
      oneOf('HttpBackendFilterType', ['RequestHeaderModifier', 'ResponseHeaderModifier']),
      "'RequestHeaderModifier'",
    ),
    requestHeaderModifier: optional('Of requests.', headerModifier, {
      default: defaults.filterPart,
    }),
    responseHeaderModifier: optional('Of responses.', headerModifier, {
      default: defaults.filterPart,
    }),
  },
);
