// Rules about routes of TLS: known clusters, each name once, a share for somebody, a listener that looks at TLS.

import type { IssueList } from './issues.ts';
import { checkKnownCluster } from './known-cluster.ts';
import { checkRoutesAreUsed } from './route-hints.ts';
import type { UsableConfig, UsableListener, UsableTlsRoute } from './usable.ts';

export function checkTlsRoutes(
  listener: UsableListener,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  const { tlsRoutes, tlsUnrouted } = listener;
  if (tlsRoutes === undefined) {
    if (tlsUnrouted !== undefined && !issues.has(`${path}.tlsRoutes`)) {
      const problem = 'this listener has no routes';
      const hint = 'Leave it out, or add tlsRoutes.';
      issues.add(`${path}.tlsUnrouted`, 'contradiction', problem, { hint });
    }
    return;
  }
  checkRoutesAreUsed('tlsRoutes', 'tls', listener, path, config, issues);
  checkHostnames(tlsRoutes, path, issues);
  for (const [index, route] of tlsRoutes.entries()) {
    checkBackends(route?.backendRefs ?? [], `${path}.tlsRoutes[${index}]`, config, issues);
  }
}

/** Two routes for one name and one protocol leave it open which is meant. */
function checkHostnames(
  routes: readonly (UsableTlsRoute | undefined)[],
  path: string,
  issues: IssueList,
): void {
  const first = new Map<string, string>();
  for (const [index, route] of routes.entries()) {
    const own = `tlsRoutes[${index}]`;
    for (const [at, name] of (route?.hostnames ?? [null]).entries()) {
      if (route === undefined || name === undefined || issues.has(`${path}.${own}.hostnames`)) {
        continue;
      }
      const place = name === null ? own : `${own}.hostnames[${at}]`;
      const keys = (route.alpn ?? [null]).map((protocol) => `${name} ${protocol}`);
      const earlier = keys.map((key) => first.get(key)).find((found) => found !== undefined);
      if (earlier !== undefined) {
        const problem =
          name === null ? `${earlier} is for all names too` : `${earlier} has the same name`;
        const hint = 'Leave out one of the two, or give them different protocols in alpn.';
        issues.add(`${path}.${place}`, 'duplicate-name', problem, {
          got: name ?? undefined,
          hint,
        });
      }
      for (const key of keys) {
        first.set(key, first.get(key) ?? place);
      }
    }
  }
}

function checkBackends(
  backends: NonNullable<UsableTlsRoute['backendRefs']>,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  for (const [index, backend] of backends.entries()) {
    if (backend?.cluster !== undefined) {
      checkKnownCluster(backend.cluster, `${path}.backendRefs[${index}].cluster`, config, issues);
    }
  }
  if (backends.length > 0 && backends.every((backend) => backend?.weight === 0)) {
    const hint = 'Give one a weight, or leave the route out.';
    issues.add(`${path}.backendRefs`, 'contradiction', 'nobody takes a share', { hint });
  }
}
