// Keys that listeners and clusters have both: what the kernel is told about connections, and what they carry.

import { defaults } from './defaults.ts';
import { duration, object, oneOf, optional } from './schema-node.ts';

/** 24 days: milliseconds of a timeout fit in 31 bits. */
export const timeoutMsMax = 576 * 3_600_000;
/** The kernel takes at most 32,767 seconds for TCP_KEEPIDLE and TCP_KEEPINTVL. */
const keepaliveMsMax = 32_767_000;

const keepalive = object('KeepaliveConfig', 'TCP keepalive: finds peers that vanished.', {
  idle: optional('Silence before the first probe.', duration(1_000, keepaliveMsMax, 1_000), {
    default: defaults.keepaliveIdleMs,
  }),
  interval: optional('Time between probes.', duration(1_000, keepaliveMsMax, 1_000), {
    default: defaults.keepaliveIntervalMs,
  }),
  probes: optional(
    'Probes without an answer until the connection counts as lost.',
    { kind: 'integer', min: 1, max: 127 },
    { default: defaults.keepaliveProbesMax },
  ),
});

export const keepaliveField = optional('TCP keepalive of these connections.', keepalive, {
  nullMeans: 'no probes',
});

export const userTimeoutField = optional(
  'TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged.',
  duration(1_000, timeoutMsMax),
  { nullMeans: 'the kernel decides', default: defaults.userTimeoutMs },
);

export const protocolHint = oneOf('Protocol', [
  'detect',
  'opaque',
  'http1',
  'http2',
  'grpc',
  'tls',
]);
