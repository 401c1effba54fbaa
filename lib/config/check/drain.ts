// Rules about draining: times that follow each other, and no time that never acts.

import { parseDuration } from '../../base/duration.ts';
import { defaults } from '../defaults.ts';
import type { IssueList } from './issues.ts';
import type { UsableConfig } from './usable.ts';

const times = ['outboundOpenMin', 'outboundOpenMax'] as const;

export function checkDrain({ drain = {} }: UsableConfig, issues: IssueList): void {
  const idle = neverActs(drain);
  const deadlineMs = msOf(drain.deadline) ?? defaults.drainDeadlineMs.value;
  for (const key of times) {
    const got = drain[key];
    if (got === undefined) {
      continue;
    }
    if (idle !== null) {
      issues.add(`drain.${key}`, 'contradiction', `${idle}, so this has no effect`, {
        got,
        hint: 'Leave it out.',
      });
    } else if ((msOf(got) ?? 0) > deadlineMs && !issues.has('drain.deadline')) {
      const limit = drain.deadline ?? 'its default 120s';
      issues.add(`drain.${key}`, 'contradiction', `everything ends at drain.deadline (${limit})`, {
        got,
        hint: 'Make it shorter or drain.deadline longer.',
      });
    }
  }
  checkRange(drain, issues);
}

function neverActs(drain: NonNullable<UsableConfig['drain']>): string | null {
  if (drain.listeners === 'keep') {
    return "listeners: 'keep' keeps every listener open";
  }
  return drain.order === 'together' ? "order: 'together' closes all listeners at once" : null;
}

function checkRange(drain: NonNullable<UsableConfig['drain']>, issues: IssueList): void {
  const least = msOf(drain.outboundOpenMin);
  const most = msOf(drain.outboundOpenMax);
  if (least !== null && most !== null && least > most && !issues.has('drain.outboundOpenMin')) {
    issues.add('drain.outboundOpenMin', 'contradiction', 'more than drain.outboundOpenMax', {
      got: drain.outboundOpenMin,
      hint: 'Make it shorter or drain.outboundOpenMax longer.',
    });
  }
}

function msOf(text: string | undefined): number | null {
  const parsed = text === undefined ? null : parseDuration(text);
  return parsed?.ok ? parsed.value : null;
}
