// Families and samples as text: the Prometheus format, or OpenMetrics for who asks for it.

import type { FamilyInfo } from './names.ts';

export interface Sample {
  /** Appended to the family's name: `_sum` and `_count` of a summary, `_bucket` of a histogram. */
  readonly suffix?: '_sum' | '_count' | '_bucket';
  /** As labelText gives it; empty for none. */
  readonly labels: string;
  readonly value: number;
}

export interface Family {
  readonly info: FamilyInfo;
  readonly samples: Iterable<Sample>;
}

export type ExpositionFormat = 'text' | 'openmetrics';

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Families without samples are left out. */
export function renderMetrics(families: Iterable<Family>, format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const { info, samples } of families) {
    let first = true;
    for (const { suffix = '', labels, value } of samples) {
      if (first) {
        lines.push(...header(info, format));
        first = false;
      }
      const name = info.name + suffix;
      lines.push(`${labels === '' ? name : `${name}{${labels}}`} ${formatValue(value)}`);
    }
  }
  if (format === 'openmetrics') {
    lines.push('# EOF');
  }
  lines.push('');
  return lines.join('\n');
}

/** OpenMetrics names a family without the suffix that its samples carry. */
function header(info: FamilyInfo, format: ExpositionFormat): readonly string[] {
  const open = format === 'openmetrics';
  const name = open
    ? info.name.replace(info.type === 'info' ? /_info$/ : /_total$/, '')
    : info.name;
  const type = info.type === 'info' && !open ? 'gauge' : info.type;
  return [`# HELP ${name} ${info.help}`, `# TYPE ${name} ${type}`];
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
