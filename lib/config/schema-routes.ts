// The keys of routes of HTTP: the words, the shape and the meaning of an HTTPRoute of the Kubernetes Gateway API, and
// what Weft adds to it. `cluster` stands where Kubernetes names a Service.

import { defaults } from './defaults.ts';
import { backendFilter, filter, status, text } from './schema-filters.ts';
import { duration, type Field, object, oneOf, optional, required } from './schema-node.ts';
import { timeoutMsMax } from './schema-tcp.ts';

const pathMatch = object('HttpPathMatchConfig', 'What the path of a request looks like.', {
  type: optional(
    'Whether `value` is the whole path, some segments that it begins with, or a regular expression (syntax of RE2) for the whole path.',
    oneOf('HttpPathMatchType', ['Exact', 'PathPrefix', 'RegularExpression']),
    { default: defaults.pathMatchType },
  ),
  value: required('Without the query.', text('any', 1_024), "'/api'"),
});

function valueMatch(typeName: string, about: string, name: Field) {
  const type = optional(
    'Whether `value` is the whole value, or a regular expression (syntax of RE2) for it.',
    oneOf('HttpValueMatchType', ['Exact', 'RegularExpression']),
    { default: defaults.valueMatchType },
  );
  const value = required('What it must be.', text('any', 4_096), "'beta'");
  return object(typeName, about, { type, name, value });
}

const methodName = text('fieldName', 64);

const match = object(
  'HttpMatchConfig',
  'What a request looks like. All of it must fit; of several matches of a rule, one.',
  {
    path: optional('What its path looks like.', pathMatch, { default: defaults.matchPath }),
    headers: optional(
      'Fields that it must have. Several of one name are compared as one, with commas between them.',
      {
        kind: 'list',
        item: valueMatch(
          'HttpHeaderMatchConfig',
          'A field of the head.',
          required('Its name; case does not matter.', text('fieldName', 256), "'x-user'"),
        ),
      },
      { default: defaults.matchHeaders },
    ),
    queryParams: optional(
      'Parameters of the query that it must have, decoded. Of several with one name, the first counts.',
      {
        kind: 'list',
        item: valueMatch(
          'HttpQueryParamMatchConfig',
          'A parameter of the query.',
          required('Its name; case matters.', text('any', 256), "'version'"),
        ),
      },
      { default: defaults.matchQueryParams },
    ),
    method: optional('Its method; case matters.', methodName, {
      default: defaults.matchMethod,
    }),
  },
);

const backendRef = object('HttpBackendRefConfig', 'A cluster and its share of the requests.', {
  cluster: required('The key in `clusters`.', { kind: 'name' }, "'web'"),
  weight: optional(
    'Share of the requests relative to the other backends of the rule; 0: none.',
    { kind: 'integer', min: 0, max: 1_000_000 },
    { default: defaults.backendWeight },
  ),
  filters: optional(
    'What happens to requests to this backend only.',
    { kind: 'list', item: backendFilter },
    { default: defaults.ruleFilters },
  ),
});

const timeout = duration(1, timeoutMsMax);

const timeouts = object(
  'HttpTimeoutsConfig',
  'How long a response may take; 504 when it has not begun.',
  {
    request: optional('From the request to the end of the response, over all attempts.', timeout, {
      nullMeans: 'for ever',
      default: defaults.requestTimeoutMs,
    }),
    backendRequest: optional('The same of one attempt.', timeout, {
      nullMeans: 'for ever',
      default: defaults.backendRequestTimeoutMs,
    }),
    responseHeaders: optional('From the end of the request to the head of its response.', timeout, {
      nullMeans: 'for ever',
      default: defaults.responseHeadersTimeoutMs,
    }),
  },
);

const retry = object(
  'HttpRetryConfig',
  'What is tried again, on another endpoint if there is one, before a byte of a response has gone on. A failed connect is tried again without this.',
  {
    attempts: optional(
      'So many times at most.',
      { kind: 'integer', min: 1, max: 10 },
      {
        default: defaults.retryAttempts,
      },
    ),
    codes: optional(
      'Statuses of a response that is not passed on while another attempt is left.',
      { kind: 'list', item: status(400, 599) },
      { default: defaults.retryCodes },
    ),
    on: optional(
      'Other failures: `reset`, the endpoint ended the connection without a response; `timeout`, an attempt took longer than `timeouts.backendRequest` or `responseHeaders`.',
      { kind: 'list', item: oneOf('HttpRetryOn', ['reset', 'timeout']) },
      { default: defaults.retryOn },
    ),
    methods: optional(
      'Which requests: `idempotent` ones, which may be done twice (GET, HEAD, OPTIONS, TRACE, PUT, DELETE), or `all`.',
      oneOf('HttpRetryMethods', ['idempotent', 'all']),
      { default: defaults.retryMethods },
    ),
    backoff: optional(
      'How long to wait before the first; longer before each further one, and by chance.',
      duration(1, 60_000),
      { default: defaults.retryBackoffMs },
    ),
    backoffMax: optional(
      'And at most. A response that asks for more time (`retry-after`) is passed on.',
      duration(1, 60_000),
      { default: defaults.retryBackoffMaxMs },
    ),
  },
);

const rule = object('HttpRuleConfig', 'Some requests of a route, and what happens to them.', {
  name: optional(
    'The word for it behind that of the route.',
    { kind: 'name' },
    {
      default: defaults.ruleName,
    },
  ),
  matches: optional(
    'Which requests; one of these fits.',
    { kind: 'list', item: match },
    {
      default: defaults.ruleMatches,
    },
  ),
  filters: optional(
    'What happens to them on their way.',
    { kind: 'list', item: filter },
    {
      default: defaults.ruleFilters,
    },
  ),
  backendRefs: optional(
    'Clusters that share them: exactly by weight, for each worker. Without one, and without a filter that answers, they get 500.',
    { kind: 'list', item: backendRef },
    { default: defaults.ruleBackendRefs },
  ),
  timeouts: optional('How long a response may take.', timeouts, { default: defaults.ruleTimeouts }),
  retry: optional('What is tried again.', retry, {
    nullMeans: 'nothing but a failed connect',
    default: defaults.ruleRetry,
  }),
});

export const httpRoute = object(
  'HttpRouteConfig',
  'An HTTPRoute of the Kubernetes Gateway API: which requests go where. Of all rules that fit a request, the most exact one counts, whatever the order: by host, then by path (exact, regular expression, longest prefix), by method, by number of headers and of query parameters; at last the first one.',
  {
    name: required('The word for it in metrics and logs.', { kind: 'name' }, "'shop'"),
    hostnames: optional(
      "Hosts that are asked for: `'shop.example.com'`, or `'*.example.com'` for all that end in `.example.com`, with any number of labels before it. Case and port do not matter.",
      { kind: 'list', item: { kind: 'serverName' } },
      { default: defaults.routeHostnames },
    ),
    rules: required(
      'Which of these requests go where.',
      { kind: 'list', item: rule },
      "[{ backendRefs: [{ cluster: 'web' }] }]",
    ),
  },
);
