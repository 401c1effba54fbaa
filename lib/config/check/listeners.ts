// Rules about listeners: distinct names, known clusters, settings that fit the address and each other.
// Their routes have rules of their own (tls-routes.ts, http-routes.ts).

import { parseDuration } from '../../base/duration.ts';
import { defaults } from '../defaults.ts';
import { checkHttpRoutes } from './http-routes.ts';
import type { IssueList } from './issues.ts';
import { checkKnownCluster } from './known-cluster.ts';
import { checkTlsRoutes } from './tls-routes.ts';
import type { UsableConfig, UsableListener } from './usable.ts';

export function checkListeners(config: UsableConfig, issues: IssueList): void {
  checkNames(config, issues);
  for (const [index, listener] of (config.listeners ?? []).entries()) {
    if (listener !== undefined) {
      const path = `listeners[${index}]`;
      checkCluster(listener, path, config, issues);
      checkTlsRoutes(listener, path, config, issues);
      checkHttpRoutes(listener, path, config, issues);
      checkProxyProtocol(listener, path, issues);
      checkTransparent(listener, path, issues);
      checkFamily(listener, path, issues);
      checkKeepalive(listener, path, issues);
      checkShares(`${path}.connectionsMax`, listener.connectionsMax, config, issues);
      checkBelowTotal(listener, path, config, issues);
    }
  }
  checkShares('limits.connectionsMax', config.limits?.connectionsMax, config, issues);
  checkShares('limits.requestsMax', config.limits?.requestsMax, config, issues);
  checkShares('limits.mirrorsMax', config.limits?.mirrorsMax || undefined, config, issues);
}

function checkNames(config: UsableConfig, issues: IssueList): void {
  const first = new Map<string, { readonly index: number; readonly listener: UsableListener }>();
  for (const [index, listener] of (config.listeners ?? []).entries()) {
    const name = listener?.name ?? listener?.address;
    if (listener === undefined || name === undefined) {
      continue;
    }
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, { index, listener });
    } else if (listener.name ?? earlier.listener.name ?? name.endsWith(':0')) {
      // Two without a name and with one address are a duplicate address; with port 0 they are not.
      const problem = `listeners[${earlier.index}] has the name '${name}' too`;
      const hint = 'Give each listener a name of its own.';
      issues.add(`listeners[${index}].name`, 'duplicate-name', problem, { hint });
    }
  }
}

function checkCluster(
  listener: UsableListener,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  const { cluster, transparent } = listener;
  if (cluster === undefined && transparent !== true && !issues.has(`${path}.cluster`)) {
    const hint = "Add cluster: 'web'.";
    issues.add(`${path}.cluster`, 'missing', 'this key is missing', { hint });
  }
  if (cluster !== undefined) {
    checkKnownCluster(cluster, `${path}.cluster`, config, issues);
  }
}

function checkTransparent(listener: UsableListener, path: string, issues: IssueList): void {
  const { address, direction, transparent, workloadAddress, cluster } = listener;
  if (transparent === true && address?.startsWith('unix:')) {
    const hint = 'Leave it out, or listen on an IP address.';
    const problem = 'connections are never redirected to a unix socket';
    issues.add(`${path}.transparent`, 'contradiction', problem, { hint });
  }
  if (workloadAddress === undefined || issues.has(`${path}.direction`)) {
    return;
  }
  const complain = (problem: string): void =>
    issues.add(`${path}.workloadAddress`, 'contradiction', problem, {
      hint: "It is for listeners with transparent: true and direction: 'inbound'.",
    });
  if (transparent !== true || direction !== 'inbound') {
    complain('this listener has no connections to the port of the workload');
  } else if (cluster !== undefined) {
    complain(`all connections go to the cluster '${cluster}'`);
  }
}

function checkProxyProtocol(listener: UsableListener, path: string, issues: IssueList): void {
  const { address, proxyProtocol } = listener;
  if (proxyProtocol !== undefined && proxyProtocol !== null && address?.startsWith('unix:')) {
    const hint = 'Leave it out, or listen on an IP address.';
    const problem = 'who connects to a unix socket comes from no network';
    issues.add(`${path}.proxyProtocol`, 'contradiction', problem, { hint });
  }
}

function checkFamily(listener: UsableListener, path: string, issues: IssueList): void {
  const { address, ipv6Only, unixMode } = listener;
  if (address === undefined) {
    return;
  }
  if (ipv6Only === true && !address.startsWith('[')) {
    const hint = 'Leave it out, or listen on an IPv6 address.';
    issues.add(`${path}.ipv6Only`, 'contradiction', `${address} is not an IPv6 address`, { hint });
  }
  if (unixMode !== undefined && !address.startsWith('unix:')) {
    const hint = 'Leave it out, or listen on a unix socket.';
    issues.add(`${path}.unixMode`, 'contradiction', `${address} is not a unix socket`, { hint });
  }
}

/** Said only about what the user wrote: a default that never acts does no harm. */
function checkKeepalive(listener: UsableListener, path: string, issues: IssueList): void {
  const { idleTimeout, keepalive } = listener;
  if (typeof keepalive?.idle !== 'string' || idleTimeout === null) {
    return;
  }
  if (idleTimeout === undefined && issues.has(`${path}.idleTimeout`)) {
    return;
  }
  const timeoutMs = msOf(idleTimeout) ?? defaults.listenerIdleTimeoutMs.value;
  const idleMs = msOf(keepalive.idle) ?? 0;
  if (idleMs >= timeoutMs) {
    const limit = idleTimeout ?? 'its default 1h';
    issues.add(
      `${path}.keepalive.idle`,
      'contradiction',
      `no probe is ever sent, because idleTimeout (${limit}) ends the connection first`,
      { got: keepalive.idle, hint: 'Make keepalive.idle shorter or idleTimeout longer.' },
    );
  }
}

/** Workers share a limit out, and each gets at least one. */
function checkShares(
  path: string,
  limit: number | undefined,
  config: UsableConfig,
  issues: IssueList,
): void {
  if (limit !== undefined && config.workers !== undefined && limit < config.workers) {
    const problem = `each of the ${config.workers} workers needs a share of at least 1`;
    const hint = `Write ${config.workers} or more, or fewer workers.`;
    issues.add(path, 'contradiction', problem, { got: limit, hint });
  }
}

function checkBelowTotal(
  listener: UsableListener,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  if (config.limits?.connectionsMax === undefined && issues.has('limits.connectionsMax')) {
    return;
  }
  const total = config.limits?.connectionsMax ?? defaults.limitConnectionsMax.value;
  const own = listener.connectionsMax;
  if (own !== undefined && own > total) {
    const problem = `more than limits.connectionsMax (${total}) can never be open`;
    const hint = 'Lower this one or raise limits.connectionsMax.';
    issues.add(`${path}.connectionsMax`, 'contradiction', problem, { got: own, hint });
  }
}

function msOf(text: string | undefined): number | null {
  const parsed = text === undefined ? null : parseDuration(text);
  return parsed?.ok ? parsed.value : null;
}
