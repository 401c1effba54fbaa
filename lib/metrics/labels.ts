// The label sets of connections, as text: the labels of linkerd2-proxy in its order, with Weft's names in the
// dst_* and srv_* ones. Built once for each run of cells, never for each sample.

import { errnoName } from '../base/errno.ts';
import { noId, runKinds } from '../contract/metrics.ts';
import type { Direction } from '../contract/snapshot.ts';
import type { RunView } from './slab-reader.ts';

export interface ListenerLabels {
  readonly name: string;
  readonly address: string;
  /** False once it left the configuration. */
  readonly configured: boolean;
}

export interface EndpointLabels {
  readonly cluster: string;
  readonly address: string;
  readonly configured: boolean;
}

export interface ClusterLabels {
  readonly name: string;
  readonly configured: boolean;
}

export interface RouteLabels {
  readonly name: string;
  readonly configured: boolean;
}

/** Who knows what ids mean; `null` for an id that nobody remembers. */
export interface LabelSource {
  listener(listenerId: number): ListenerLabels | null;
  endpoint(clusterId: number, endpointId: number): EndpointLabels | null;
  cluster(clusterId: number): ClusterLabels | null;
  route(routeId: number): RouteLabels | null;
}

const directions: readonly Direction[] = ['inbound', 'outbound'];
const peerDst = 1;

/** `name="value"` pairs, escaped as the text format wants it. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs: string[] = [];
  for (const name in labels) {
    pairs.push(`${name}="${escapeValue(labels[name] ?? '')}"`);
  }
  return pairs.join(',');
}

function escapeValue(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
    : value;
}

/** Of the downstream side of a listener. */
export function sourceLabels(
  source: LabelSource,
  listenerId: number,
  direction: number,
): Record<string, string> {
  const listener = source.listener(listenerId);
  const address = listener?.address ?? '';
  return {
    direction: directionName(direction),
    peer: 'src',
    ...targetLabels(address),
    tls: 'no_identity',
    // Outbound clients are the workload itself; inbound ones are not asked for TLS on an opaque listener.
    no_tls_reason: directionName(direction) === 'outbound' ? 'loopback' : 'port_skipped',
    srv_group: '',
    srv_kind: 'default',
    srv_name: listener?.name ?? 'unknown',
    srv_port: splitAddress(address).port,
  };
}

/** Of the upstream side: one endpoint of a cluster. */
export function destinationLabels(
  source: LabelSource,
  clusterId: number,
  endpointId: number,
  direction: number,
): Record<string, string> {
  const endpoint = source.endpoint(clusterId, endpointId);
  return {
    direction: directionName(direction),
    peer: 'dst',
    ...targetLabels(endpoint?.address ?? ''),
    tls: 'no_identity',
    no_tls_reason:
      directionName(direction) === 'outbound' ? 'not_provided_by_service_discovery' : 'loopback',
    dst_cluster: endpoint?.cluster ?? 'unknown',
  };
}

/** Of requests, from the ids of a run: to an endpoint, to none of a cluster, or to nobody. */
export function requestLabels(source: LabelSource, ids: readonly number[]): Record<string, string> {
  const [direction = 0, clusterId = noId, endpointId = noId, , routeId = noId] = ids;
  const { peer, ...labels } = destinationLabels(source, clusterId, endpointId, direction);
  const cluster = clusterId === noId ? '' : (source.cluster(clusterId)?.name ?? 'unknown');
  const route =
    routeId === noId
      ? {}
      : { route_kind: 'HTTPRoute', route_name: source.route(routeId)?.name ?? 'unknown' };
  return { ...labels, dst_cluster: cluster, ...route };
}

/** Of tcp_close_total, from the ids of a closeErrno run. */
export function closeErrnoLabels(source: LabelSource, ids: readonly number[]): string {
  const [peer = 0, direction = 0, ownerId = 0, endpointId = 0, errno = 0] = ids;
  const labels =
    peer === peerDst
      ? destinationLabels(source, ownerId, endpointId, direction)
      : sourceLabels(source, ownerId, direction);
  return labelText({ ...labels, errno: errnoName(errno) ?? '' });
}

/** Of what Weft alone says about an endpoint. */
export function connectLabels(
  source: LabelSource,
  clusterId: number,
  endpointId: number,
  direction: number,
): string {
  const { dst_cluster, target_addr } = destinationLabels(source, clusterId, endpointId, direction);
  return labelText({
    direction: directionName(direction),
    dst_cluster: dst_cluster ?? '',
    target_addr: target_addr ?? '',
  });
}

/** Of what Weft alone counts of a listener, without the reason or the protocol. */
export function listenerLabels(source: LabelSource, listenerId: number, direction: number): string {
  const listener = source.listener(listenerId)?.name ?? 'unknown';
  return labelText({ listener, direction: directionName(direction) });
}

/** Of what Weft says about a cluster. */
export function clusterLabels(source: LabelSource, clusterId: number): string {
  return labelText({ dst_cluster: source.cluster(clusterId)?.name ?? 'unknown' });
}

/** Whether the owner of a run is part of the configuration now. */
export function isRunConfigured(source: LabelSource, run: RunView): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = run.ids;
  switch (run.kind) {
    case 'overflow':
      return true;
    case 'listenerTcp':
      return source.listener(first)?.configured ?? false;
    case 'endpointTcp':
      return source.endpoint(second, third)?.configured ?? false;
    case 'cluster':
      return source.cluster(first)?.configured ?? false;
    case 'httpRequest':
    case 'httpResponse':
      return isRequestConfigured(source, run.ids);
    case 'closeErrno':
      return first === peerDst
        ? (source.endpoint(third, fourth)?.configured ?? false)
        : (source.listener(third)?.configured ?? false);
  }
}

function isRequestConfigured(source: LabelSource, ids: readonly number[]): boolean {
  const [, clusterId = noId, endpointId = noId, , routeId = noId] = ids;
  if (routeId !== noId && !source.route(routeId)?.configured) {
    return false;
  }
  if (endpointId !== noId) {
    return source.endpoint(clusterId, endpointId)?.configured ?? false;
  }
  return clusterId === noId || (source.cluster(clusterId)?.configured ?? false);
}

/** What an overflow run of a kind stands for: every label is the word, because nobody knows better. */
export function overflowLabels(run: RunView): Record<string, string> {
  const kind = runKinds[run.ids[0] ?? 0];
  return {
    direction: 'overflow',
    peer: kind === 'endpointTcp' ? 'dst' : kind === 'listenerTcp' ? 'src' : 'overflow',
    target_addr: 'overflow',
  };
}

function targetLabels(address: string): Record<string, string> {
  const { host, port } = splitAddress(address);
  return { target_addr: address, target_ip: host, target_port: port };
}

/** Host without brackets; both empty for a unix socket. */
function splitAddress(address: string): { readonly host: string; readonly port: string } {
  const colon = address.lastIndexOf(':');
  if (colon < 0 || address.startsWith('unix:')) {
    return { host: '', port: '' };
  }
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: address.slice(colon + 1) };
}

/** Of a run's id. */
export function directionName(direction: number): Direction {
  return directions[direction] ?? 'outbound';
}
