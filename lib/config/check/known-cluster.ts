// That a cluster which is named somewhere is there.

import { nearestWord } from '../../base/nearest-word.ts';
import type { IssueList } from './issues.ts';
import { joinPath } from './show-value.ts';
import type { UsableConfig } from './usable.ts';

/** Clusters that were reported for something else are known all the same. */
export function checkKnownCluster(
  cluster: string,
  path: string,
  config: UsableConfig,
  issues: IssueList,
): void {
  const known = Object.keys(config.clusters ?? {});
  const unknowable = config.clusters === undefined && issues.has('clusters');
  if (unknowable || known.includes(cluster) || issues.has(joinPath('clusters', cluster))) {
    return;
  }
  const nearest = nearestWord(cluster, known);
  const list = known.length === 0 ? null : `Known clusters: ${known.slice(0, 10).join(', ')}.`;
  const hint = nearest === null ? list : `Did you mean '${nearest}'?`;
  issues.add(path, 'unknown-cluster', 'there is no such cluster', { got: cluster, hint });
}
