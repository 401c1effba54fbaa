import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiscoveredEndpoint } from '../../../lib/discovery/source.ts';
import { StaticSource } from '../../../lib/discovery/static.ts';

test('a static source reports its whole list once, at once', () => {
  const endpoints = [
    { address: '10.0.0.1:80', weight: 1, zone: null },
    { address: '10.0.0.2:80', weight: 3, zone: null },
  ];
  const reports: (readonly DiscoveredEndpoint[])[] = [];
  const source = new StaticSource(endpoints);
  source.start((report) => reports.push(report));
  source.stop();
  assert.deepEqual(reports, [endpoints]);
});
