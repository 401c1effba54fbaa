// The keys of a listener and of its parts; schema.ts has the rest.

import { defaults } from './defaults.ts';
import { httpListener } from './schema-http.ts';
import { duration, object, oneOf, optional, required } from './schema-node.ts';
import { httpRoute } from './schema-routes.ts';
import { keepaliveField, protocolHint, timeoutMsMax, userTimeoutField } from './schema-tcp.ts';

const portProtocol = object('PortProtocolConfig', 'What connections to some ports carry.', {
  ports: required(
    "One port or a range, both ends included: `'3306'`, `'8000-8100'`.",
    { kind: 'ports' },
    "'3306'",
  ),
  protocol: required('The same words as for a listener.', protocolHint, "'opaque'"),
});

const acceptedProxyProtocol = object(
  'AcceptedProxyProtocolConfig',
  'Headers of the PROXY protocol, version 1 or 2, that clients of some networks send first.',
  {
    from: required(
      'Networks of the balancers in front whose headers are believed. Who comes from elsewhere is served without one, and what it sends is payload.',
      { kind: 'list', item: { kind: 'network' } },
      "['10.0.0.0/8']",
    ),
    timeout: optional(
      'A header that is not whole after so long ends the connection with the reason `proxy_protocol_error`.',
      duration(10, 600_000),
      { default: defaults.proxyProtocolTimeoutMs },
    ),
    required: optional(
      'Whether who comes from these networks and sends no header is refused. `false` guesses: only while a balancer is being changed.',
      { kind: 'boolean' },
      { default: defaults.proxyProtocolRequired },
    ),
  },
);

const backendRef = object('BackendRefConfig', 'A cluster and its share of the connections.', {
  cluster: required('The key in `clusters`.', { kind: 'name' }, "'web'"),
  weight: optional(
    'Share of the connections relative to the other backends of the route; 0: none.',
    { kind: 'integer', min: 0, max: 1_000_000 },
    { default: defaults.backendWeight },
  ),
});

const tlsRoute = object(
  'TlsRouteConfig',
  'A TLSRoute of the Kubernetes Gateway API: names in a ClientHello, and where such connections go.',
  {
    hostnames: optional(
      "Names that clients ask for (SNI): `'api.example.com'`, or `'*.example.com'` for all names that end in `.example.com`, with any number of labels before it. Case does not matter.",
      { kind: 'list', item: { kind: 'serverName' } },
      { default: defaults.tlsRouteHostnames },
    ),
    alpn: optional(
      "Protocols of which the client must offer one (ALPN): `['h2']`.",
      { kind: 'list', item: { kind: 'name' } },
      { default: defaults.tlsRouteAlpn },
    ),
    backendRefs: required(
      'Clusters that share these connections.',
      { kind: 'list', item: backendRef },
      "[{ cluster: 'web' }]",
    ),
  },
);

export const listener = object('ListenerConfig', 'An address that Weft accepts connections on.', {
  name: optional(
    'The word for it in metrics, logs and the admin server. A reload knows a listener by its name.',
    { kind: 'name' },
    { default: defaults.listenerName },
  ),
  address: required(
    'Where to listen. `0.0.0.0:80` is every IPv4 address, `[::]:80` every IPv6 and IPv4 one; with port 0 the kernel chooses.',
    { kind: 'address', use: 'listen' },
    "'127.0.0.1:8080'",
  ),
  cluster: optional(
    'The key in `clusters` that connections go to. A transparent listener needs none.',
    { kind: 'name' },
    { default: defaults.listenerCluster },
  ),
  transparent: optional(
    'Whether connections are redirected here by the rules of `weft init` and meant to go elsewhere. Outbound ones go to the cluster that claims their destination (`destinations`), others to `cluster`, or without it to the destination itself; inbound ones to `cluster`, or without it to the port of the workload that they meant. Who was not redirected, or meant Weft itself, is refused with the reason `loop`.',
    { kind: 'boolean' },
    { default: defaults.listenerTransparent },
  ),
  workloadAddress: optional(
    'Where inbound connections of a transparent listener reach the workload: at the address that they meant (`original`), or at `127.0.0.1` and `::1` (`loopback`).',
    oneOf('WorkloadAddress', ['original', 'loopback']),
    { default: defaults.listenerWorkloadAddress },
  ),
  direction: optional(
    'Relative to the workload beside this proxy: traffic to it is inbound, from it outbound.',
    oneOf('Direction', ['inbound', 'outbound']),
    { default: defaults.listenerDirection },
  ),
  protocol: optional(
    'What connections carry. `detect` finds out from the first bytes; the other words skip that, and `opaque` connects at once.',
    protocolHint,
    { default: defaults.listenerProtocol },
  ),
  portProtocols: optional(
    'What connections to certain ports carry: more exact than the word of the cluster, which is more exact than `protocol`.',
    { kind: 'list', item: portProtocol },
    { default: defaults.listenerPortProtocols },
  ),
  serverFirstAfter: optional(
    'When a client has been silent for so long, its cluster is connected to, because the server may be the one that speaks first.',
    duration(1, 600_000),
    { nullMeans: 'wait for the client', default: defaults.listenerServerFirstAfterMs },
  ),
  detectTimeout: optional(
    'A beginning that is undecided for so long is forwarded as opaque.',
    duration(10, 600_000),
    { default: defaults.listenerDetectTimeoutMs },
  ),
  tlsRoutes: optional(
    'Where connections with TLS go, by the name and the protocols in their ClientHello; TLS is passed through as it is. The most exact name wins, whatever the order; of routes with the same name, the first with a protocol that the client offers, then one without protocols.',
    { kind: 'list', item: tlsRoute },
    { default: defaults.listenerTlsRoutes },
  ),
  tlsUnrouted: optional(
    'What happens to TLS that no route fits: it is refused with the alert `unrecognized_name` and the reason `tls_no_route`, or forwarded as without routes.',
    oneOf('Unrouted', ['refuse', 'forward']),
    { default: defaults.listenerTlsUnrouted },
  ),
  httpRoutes: optional(
    'Where requests of HTTP go, by what they ask for.',
    { kind: 'list', item: httpRoute },
    { default: defaults.listenerHttpRoutes },
  ),
  httpUnrouted: optional(
    'What happens to a request that no route fits: it is answered with 404 and the reason `no_route`, or goes where it would go without routes.',
    oneOf('Unrouted', ['refuse', 'forward']),
    { default: defaults.listenerHttpUnrouted },
  ),
  proxyProtocol: optional(
    'Accept headers of the PROXY protocol, which say on whose behalf a balancer connects.',
    acceptedProxyProtocol,
    { nullMeans: 'no header is expected', default: defaults.listenerProxyProtocol },
  ),
  http: optional('Connections that carry HTTP.', httpListener, {
    default: defaults.listenerHttp,
  }),
  connectionsMax: optional(
    'Open connections of this listener; more are closed at once with the reason `listener_limit`.',
    { kind: 'integer', min: 1, max: 10_000_000 },
    { default: defaults.listenerConnectionsMax },
  ),
  idleTimeout: optional(
    'A connection that is silent both ways for so long is closed.',
    duration(10, timeoutMsMax),
    { nullMeans: 'a silent connection lives for ever', default: defaults.listenerIdleTimeoutMs },
  ),
  keepalive: keepaliveField,
  userTimeout: userTimeoutField,
  backlog: optional(
    'Connections that the kernel holds until they are accepted.',
    { kind: 'integer', min: 1, max: 65_535 },
    { default: defaults.listenerBacklogCount },
  ),
  ipv6Only: optional(
    'Accept no IPv4 clients on a `[::]` address.',
    { kind: 'boolean' },
    { default: defaults.listenerIpv6Only },
  ),
  unixMode: optional(
    "Permission bits of a unix socket, octal as for chmod: `'0660'`.",
    { kind: 'mode' },
    { default: defaults.listenerUnixMode },
  ),
  accessLog: optional(
    'Write a log line when a connection of this listener ends.',
    { kind: 'boolean' },
    { default: defaults.listenerAccessLog },
  ),
});
