import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointSources } from '../../../lib/control/endpoint-sources.ts';
import type { EndpointReport, EndpointSource } from '../../../lib/discovery/source.ts';
import { configOf, resolvedCluster } from '../../support/configs.ts';

class RecordedSource implements EndpointSource {
  report: EndpointReport = () => undefined;
  stopped = false;

  start(report: EndpointReport): void {
    this.report = report;
  }

  stop(): void {
    this.stopped = true;
  }
}

function setUp() {
  const made = new Map<string, RecordedSource[]>();
  const reports: string[] = [];
  const sources = new EndpointSources({
    makeSource: ({ name }) => {
      const source = new RecordedSource();
      made.set(name, [...(made.get(name) ?? []), source]);
      return source;
    },
    report: (name, endpoints) => reports.push(`${name} ${endpoints.length}`),
  });
  return { made, reports, sources };
}

const app = resolvedCluster({});
const moved = resolvedCluster({ endpoints: [{ address: '10.9.9.9:80', weight: 1, zone: null }] });

test('each cluster has one source, whose reports carry the name of the cluster', () => {
  const { made, reports, sources } = setUp();
  sources.apply(configOf({ clusters: [app, resolvedCluster({ name: 'db' })] }));
  made.get('db')?.[0]?.report([]);
  assert.deepEqual(reports, ['db 0']);
});

test('a source goes on while what it was made from stays the same', () => {
  const { made, sources } = setUp();
  sources.apply(configOf({ clusters: [app] }));
  sources.apply(configOf({ clusters: [{ ...app, connectTimeoutMs: 5 }] }));
  assert.equal(made.get('app')?.length, 1);
  assert.equal(made.get('app')?.[0]?.stopped, false);
});

test('a source is replaced with its settings, and the old one is not heard any more', () => {
  const { made, reports, sources } = setUp();
  sources.apply(configOf({ clusters: [app] }));
  sources.apply(configOf({ clusters: [moved] }));
  const [old, next] = made.get('app') ?? [];
  assert.equal(old?.stopped, true);
  old?.report([]);
  assert.deepEqual(reports, []);
  next?.report([]);
  assert.deepEqual(reports, ['app 0']);
});

test('the source of a cluster that left is stopped, and all are at the end', () => {
  const { made, sources } = setUp();
  sources.apply(configOf({ clusters: [app, resolvedCluster({ name: 'db' })] }));
  sources.apply(configOf({ clusters: [app] }));
  assert.equal(made.get('db')?.[0]?.stopped, true);
  sources.stop();
  assert.equal(made.get('app')?.[0]?.stopped, true);
});
