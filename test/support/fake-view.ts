// What an admin server shows, for tests of the server alone: records what it was asked for.

import type {
  AdminView,
  ClusterReport,
  ConfigReport,
  ConnectionReport,
  ConnectionsQuery,
  KnownNames,
  ListenerReport,
  Page,
  Readiness,
} from '../../lib/admin/view.ts';
import type { LogLevel } from '../../lib/base/log.ts';
import type { ExpositionFormat } from '../../lib/metrics/prometheus.ts';
import type { RequestTotals } from '../../lib/metrics/request-totals.ts';

export class FakeView implements AdminView {
  state: Readiness = { ready: true, state: 'ready' };
  metricsText = 'weft_up 1\n';
  configReport: ConfigReport = { desiredRevision: 2, appliedRevision: 1, config: {} };
  clusterPage: Page<ClusterReport> = { items: [], truncated: false };
  level: LogLevel = 'info';
  allowShutdown = false;
  error: Error | null = null;
  readonly asked: string[] = [];
  readonly filters: Omit<ConnectionsQuery, 'countMax'>[] = [];

  readiness(): Readiness {
    return this.state;
  }

  metrics(format: ExpositionFormat): string {
    return `# ${format}\n${this.metricsText}`;
  }

  config(): ConfigReport {
    return this.configReport;
  }

  async listeners(): Promise<readonly ListenerReport[]> {
    return [];
  }

  async clusters(): Promise<Page<ClusterReport>> {
    if (this.error !== null) {
      throw this.error;
    }
    return this.clusterPage;
  }

  routes(): readonly RequestTotals[] {
    return [];
  }

  async connections(query: ConnectionsQuery): Promise<Page<ConnectionReport>> {
    const { countMax, ...filter } = query;
    this.asked.push(`connections ${countMax}`);
    this.filters.push(filter);
    return { items: [], truncated: false };
  }

  names(): KnownNames {
    return { listeners: ['web', 'mail'], clusters: ['app'] };
  }

  logLevel(): LogLevel {
    return this.level;
  }

  setLogLevel(level: LogLevel): void {
    this.level = level;
  }

  drain(deadlineMs: number | null): number {
    this.asked.push(`drain ${deadlineMs}`);
    return deadlineMs ?? 120_000;
  }

  shutdownAllowed(): boolean {
    return this.allowShutdown;
  }

  shutdown(): void {
    this.asked.push('shutdown');
  }
}
