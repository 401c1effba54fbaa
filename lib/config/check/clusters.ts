// Rules about clusters: distinct endpoints, settings that fit the balancer and each other.

import { formatDestination, parseDestination } from '../../base/destination.ts';
import { parseDuration } from '../../base/duration.ts';
import { originalClusterNames } from '../original-clusters.ts';
import type { IssueList } from './issues.ts';
import { joinPath } from './show-value.ts';
import type { UsableCluster, UsableConfig } from './usable.ts';

export function checkClusters(config: UsableConfig, issues: IssueList): void {
  checkOriginalNames(config, issues);
  checkDestinations(config, issues);
  for (const [name, cluster] of Object.entries(config.clusters ?? {})) {
    if (cluster !== undefined) {
      const path = joinPath('clusters', name);
      checkEndpoints(cluster, path, issues);
      checkBalancer(cluster, path, issues);
      checkSlowStart(cluster, path, issues);
      checkZonePreference(cluster, config.zone ?? null, path, issues);
      checkEjection(cluster, path, issues);
      checkHealthCheck(cluster, path, issues);
    }
  }
}

/** Connections that no cluster claims are counted under these names. */
function checkOriginalNames(config: UsableConfig, issues: IssueList): void {
  for (const name of Object.values(originalClusterNames)) {
    if (Object.hasOwn(config.clusters ?? {}, name)) {
      const problem = 'the name is taken by connections that go where they meant to';
      const hint = 'Use another name.';
      issues.add(joinPath('clusters', name), 'duplicate-name', problem, { hint });
    }
  }
}

/** Two claims on one network and port leave it open which is meant. */
function checkDestinations(config: UsableConfig, issues: IssueList): void {
  const first = new Map<string, string>();
  for (const [name, cluster] of Object.entries(config.clusters ?? {})) {
    for (const [index, text] of (cluster?.destinations ?? []).entries()) {
      const parsed = text === undefined ? null : parseDestination(text);
      if (!parsed?.ok) {
        continue;
      }
      const path = `${joinPath('clusters', name)}.destinations[${index}]`;
      const keys = parsed.value.map(formatDestination);
      const earlier = keys.map((key) => first.get(key)).find((found) => found !== undefined);
      if (earlier !== undefined) {
        const problem = `${earlier} claims the same`;
        const hint = 'Leave out one of the two.';
        issues.add(path, 'duplicate-address', problem, { got: text, hint });
      }
      for (const key of keys) {
        first.set(key, path);
      }
    }
  }
}

function checkEndpoints(cluster: UsableCluster, path: string, issues: IssueList): void {
  const first = new Map<string, number>();
  for (const [index, endpoint] of (cluster.endpoints ?? []).entries()) {
    const address = typeof endpoint === 'object' ? endpoint.address : endpoint;
    if (address === undefined) {
      continue;
    }
    const earlier = first.get(address);
    if (earlier === undefined) {
      first.set(address, index);
    } else {
      issues.add(
        `${path}.endpoints[${index}]`,
        'duplicate-address',
        `endpoints[${earlier}] is the same address`,
        {
          got: address,
          hint: `Write it once, with a weight: { address: '${address}', weight: 2 }.`,
        },
      );
    }
  }
}

function checkBalancer(cluster: UsableCluster, path: string, issues: IssueList): void {
  const { balancer } = cluster;
  if (typeof balancer !== 'object' || balancer.type === undefined) {
    return;
  }
  const complain = (key: string, problem: string, hint: string): void =>
    issues.add(`${path}.balancer.${key}`, 'contradiction', problem, { hint });
  for (const key of ['rttDefault', 'decay'] as const) {
    if (balancer[key] !== undefined && balancer.type !== 'p2cEwma') {
      const problem = `the balancer '${balancer.type}' measures nothing`;
      complain(key, problem, "Leave it out, or use the type 'p2cEwma'.");
    }
  }
  if (balancer.key !== undefined && !hashes(balancer.type)) {
    const problem = `the balancer '${balancer.type}' binds no client to an endpoint`;
    complain('key', problem, "Leave it out, or use the type 'ringHash' or 'maglev'.");
  }
  if (typeof balancer.key === 'object' && balancer.key.from === 'header') {
    if (balancer.key.maxAge !== undefined) {
      complain('key.maxAge', 'only cookies have an age', "Leave it out, or use from: 'cookie'.");
    }
  }
  if (typeof balancer.loadBound === 'number' && !hashes(balancer.type)) {
    const problem = `the balancer '${balancer.type}' binds no client to an endpoint`;
    complain('loadBound', problem, "Leave it out, or use the type 'ringHash' or 'maglev'.");
  }
}

function hashes(type: string | undefined): boolean {
  return type === 'ringHash' || type === 'maglev';
}

function checkSlowStart({ balancer, slowStart }: UsableCluster, path: string, issues: IssueList) {
  const type = typeof balancer === 'object' ? balancer.type : balancer;
  if (slowStart !== undefined && slowStart !== null && hashes(type)) {
    const problem = `the balancer '${type}' would send clients to other endpoints meanwhile`;
    const hint = 'Leave it out, or use another balancer.';
    issues.add(`${path}.slowStart`, 'contradiction', problem, { hint });
  }
}

function checkZonePreference(
  { zonePreference }: UsableCluster,
  zone: string | null,
  path: string,
  issues: IssueList,
): void {
  if (zone === null && zonePreference !== undefined && zonePreference !== null) {
    const problem = 'this proxy has no zone';
    const hint = "Add zone: 'a' at the top, or set WEFT_ZONE.";
    issues.add(`${path}.zonePreference`, 'contradiction', problem, { hint });
  }
}

function checkHealthCheck({ healthCheck }: UsableCluster, path: string, issues: IssueList): void {
  for (const key of ['path', 'host'] as const) {
    if (healthCheck?.[key] !== undefined && healthCheck.type !== 'http') {
      const hint = "Add type: 'http', or leave it out.";
      issues.add(`${path}.healthCheck.${key}`, 'contradiction', 'a connect asks for nothing', {
        hint,
      });
    }
  }
}

function checkEjection({ ejection }: UsableCluster, path: string, issues: IssueList): void {
  const { baseTime, maxTime, earlyClose, consecutiveEarlyCloses } = ejection ?? {};
  const least = baseTime === undefined ? null : parseDuration(baseTime);
  const most = maxTime === undefined ? null : parseDuration(maxTime);
  if (least?.ok && most?.ok && least.value > most.value) {
    const problem = `more than maxTime (${maxTime})`;
    const hint = 'Exchange the two.';
    issues.add(`${path}.ejection.baseTime`, 'contradiction', problem, { got: baseTime, hint });
  }
  for (const key of ['minRequests', 'successWindow'] as const) {
    if (ejection?.[key] !== undefined && (ejection.minSuccessRate ?? null) === null) {
      const hint = 'Add minSuccessRate: 0.5, or leave it out.';
      const problem = 'requests are not counted without minSuccessRate';
      issues.add(`${path}.ejection.${key}`, 'contradiction', problem, { hint });
    }
  }
  if (consecutiveEarlyCloses !== undefined && (earlyClose ?? null) === null) {
    const hint = "Add earlyClose: '1s', or leave it out.";
    const problem = 'early closes do not count without earlyClose';
    issues.add(`${path}.ejection.consecutiveEarlyCloses`, 'contradiction', problem, { hint });
  }
}
