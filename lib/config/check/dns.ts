// Rules about looking up names: the bounds of a refresh are in order.

import { parseDuration } from '../../base/duration.ts';
import type { IssueList } from './issues.ts';
import type { UsableConfig } from './usable.ts';

export function checkDns({ dns }: UsableConfig, issues: IssueList): void {
  const least = dns?.ttlMin === undefined ? null : parseDuration(dns.ttlMin);
  const most = dns?.ttlMax === undefined ? null : parseDuration(dns.ttlMax);
  if (least?.ok && most?.ok && least.value > most.value) {
    issues.add('dns.ttlMin', 'contradiction', `more than ttlMax (${dns?.ttlMax})`, {
      got: dns?.ttlMin,
      hint: 'Exchange the two.',
    });
  }
}
