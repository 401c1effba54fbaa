// That a listener looks at what its routes are about: a hint that skips detection skips the routes.

import { defaults } from '../defaults.ts';
import type { IssueList } from './issues.ts';
import type { UsableConfig, UsableListener } from './usable.ts';

/** `word` is the hint under which the routes of `key` count. */
export function checkRoutesAreUsed(
  key: 'tlsRoutes' | 'httpRoutes',
  word: 'tls' | 'http1',
  { protocol, portProtocols, cluster }: UsableListener,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  const closer = cluster === undefined ? null : config.clusters?.[cluster]?.protocol;
  const hint = closer ?? protocol ?? defaults.listenerProtocol.value;
  if (portProtocols !== undefined || hint === 'detect' || hint === word) {
    return;
  }
  const owner = closer ? `the cluster '${cluster}'` : 'this listener';
  issues.add(`${path}.${key}`, 'contradiction', `the hint '${hint}' of ${owner} skips them`, {
    hint: `Use the hint 'detect' or '${word}', or leave the routes out.`,
  });
}
