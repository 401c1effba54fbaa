// What the keys mean together: names that must differ, references that must lead somewhere, settings that
// contradict each other. Each rule works on what is usable, and says nothing where a part is missing.

import { checkAddresses } from './addresses.ts';
import { checkClusters } from './clusters.ts';
import { checkDns } from './dns.ts';
import { checkDrain } from './drain.ts';
import type { IssueList } from './issues.ts';
import { checkListeners } from './listeners.ts';
import type { UsableConfig } from './usable.ts';

export function checkRules(config: UsableConfig, issues: IssueList): void {
  checkListeners(config, issues);
  checkClusters(config, issues);
  checkAddresses(config, issues);
  checkDns(config, issues);
  checkDrain(config, issues);
}
