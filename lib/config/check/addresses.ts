// Rules about addresses across the whole configuration: nobody listens where somebody else does, and no
// listener sends to itself. Found here they are a sentence; found by the kernel they are EADDRINUSE, or a
// connection that calls itself until the descriptors run out.

import { type Address, isWildcard, parseAddress } from '../../base/address.ts';
import { defaults } from '../defaults.ts';
import { isDualStack, leadsBack } from '../loop.ts';
import { clustersOf } from '../tls-routes.ts';
import type { IssueList } from './issues.ts';
import { joinPath } from './show-value.ts';
import type { UsableConfig } from './usable.ts';

interface Bound {
  readonly path: string;
  readonly text: string;
  readonly address: Address;
  readonly ipv6Only: boolean;
  readonly clusters: readonly string[];
}

export function checkAddresses(config: UsableConfig, issues: IssueList): void {
  const bound = listAddresses(config, issues);
  for (const [index, later] of bound.entries()) {
    const earlier = bound.slice(0, index).find((other) => overlaps(other, later));
    if (earlier !== undefined) {
      const same = earlier.text === later.text;
      const problem = same
        ? `${earlier.path} has the same address`
        : `${earlier.path} (${earlier.text}) takes this port already`;
      const hint = 'Use another port.';
      issues.add(later.path, 'duplicate-address', problem, { got: later.text, hint });
    }
  }
  for (const listener of bound) {
    for (const cluster of listener.clusters) {
      checkLoop(listener, cluster, config, issues);
    }
  }
}

function listAddresses(config: UsableConfig, issues: IssueList): Bound[] {
  const bound: Bound[] = [];
  const add = (
    path: string,
    text: string | undefined,
    ipv6Only: boolean,
    clusters: readonly string[],
  ) => {
    const parsed = text === undefined ? null : parseAddress(text);
    if (text !== undefined && parsed?.ok) {
      bound.push({ path, text, address: parsed.value, ipv6Only, clusters });
    }
  };
  for (const [index, listener] of (config.listeners ?? []).entries()) {
    const { address, ipv6Only = false } = listener ?? {};
    add(`listeners[${index}].address`, address, ipv6Only, clustersOf(listener ?? {}));
  }
  const adminUsable = config.admin !== null && !issues.has('admin') && !issues.has('admin.address');
  if (adminUsable) {
    add('admin.address', config.admin?.address ?? defaults.adminAddress.value, false, []);
  }
  return bound;
}

function overlaps(left: Bound, right: Bound): boolean {
  const [one, two] = [left.address, right.address];
  if (one.type === 'unix' || two.type === 'unix') {
    return left.text === right.text;
  }
  if (one.port !== two.port || one.port === 0) {
    return false;
  }
  if (one.type !== two.type) {
    return [left, right].some(({ text, ipv6Only }) => isDualStack({ address: text, ipv6Only }));
  }
  return one.host === two.host || isWildcard(one) || isWildcard(two);
}

/** An endpoint that is the listener itself, or a loopback address that a wildcard listener takes. */
function checkLoop(
  listener: Bound,
  cluster: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  const endpoints = config.clusters?.[cluster]?.endpoints;
  for (const [index, endpoint] of (endpoints ?? []).entries()) {
    const text = typeof endpoint === 'object' ? endpoint.address : endpoint;
    const parsed = text === undefined ? null : parseAddress(text);
    const { text: address, ipv6Only } = listener;
    if (parsed?.ok && leadsBack({ address, ipv6Only }, parsed.value)) {
      const path = `${joinPath('clusters', cluster)}.endpoints[${index}]`;
      const owner = listener.path.replace('.address', '');
      const problem = `${owner} (${listener.text}) would send its connections to itself`;
      issues.add(path, 'loop', problem, { got: text, hint: 'Use another address.' });
    }
  }
}
