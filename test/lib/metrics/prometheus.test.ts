import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeReasons } from '../../../lib/contract/close-reason.ts';
import { noId } from '../../../lib/contract/metrics.ts';
import { type ControlFacts, collectFamilies } from '../../../lib/metrics/families.ts';
import { labelText } from '../../../lib/metrics/labels.ts';
import { families } from '../../../lib/metrics/names.ts';
import { renderMetrics } from '../../../lib/metrics/prometheus.ts';
import { Registry } from '../../../lib/metrics/registry.ts';
import { FakeLabels } from '../../support/fake-labels.ts';
import { FakeWorker } from '../../support/fake-worker.ts';

const facts: ControlFacts = {
  desiredRevision: 4,
  appliedRevision: 3,
  reloadsSucceeded: 2,
  reloadsFailed: 1,
  accessLog: { written: 3, sampledOut: 2, dropped: 1 },
  logLinesDropped: 4,
  dns: {
    lookups: { found: 7, absent: 0, failed: 1 },
    names: { waiting: 0, found: 2, stale: 0, unresolved: 0, absent: 0 },
  },
  build: { version: '0.1.0', node: '20.0.0' },
};

function scrape(format: 'text' | 'openmetrics', prepare: (worker: FakeWorker) => void): string {
  const worker = new FakeWorker({ cellCount: 512, runCount: 32 });
  prepare(worker);
  const registry = new Registry({
    memory: [worker.memory],
    labels: FakeLabels.of(),
    idleMs: () => 1,
    now: () => 0,
  });
  return renderMetrics(collectFamilies(registry, facts), format);
}

function everyKind(worker: FakeWorker): void {
  const listener = worker.take('listenerTcp', [1, 1]);
  listener.set('idle_timeout', 9);
  listener.set('reply_no_route', 4);
  const endpoint = worker.take('endpointTcp', [1, 7, 1]);
  endpoint.set('connectCount', 4);
  endpoint.set('connectUsSum', 2_500_000);
  endpoint.set('unavailableNow', 1);
  worker.take('cluster', [1]).add('ejectionsByFailures', 2);
  worker.take('closeErrno', [1, 1, 7, 1, 104]).set('closes', 1);
  worker.take('httpRequest', [1, 7, 1]).set('requests', 5);
  const response = worker.take('httpResponse', [1, 7, 1, 503]);
  response.set('failures', 3);
  response.set('latencyUsSum', 70_500);
  response.set('latencyTo1Ms', 1);
  response.set('latencyTo50Ms', 1);
  response.set('latencyAbove', 1);
  worker.take('httpResponse', [1, 7, noId, 502]).set('failures', 2);
}

test('every family has its help and type once, before its samples, and none is unknown', () => {
  const text = scrape('text', everyKind);
  const helps = [...text.matchAll(/^# HELP (\S+) .+$/gm)].map((match) => match[1]);
  assert.deepEqual(
    [...helps].sort(),
    Object.values(families)
      .map(({ name }) => name)
      .sort(),
  );
  let family = '';
  for (const line of text.trimEnd().split('\n')) {
    const header = /^# TYPE (\S+) (counter|gauge|summary|histogram)$/.exec(line);
    family = header?.[1] ?? family;
    const sample = /^([a-z_]+)(?:\{.*\})? \S+$/.exec(line);
    assert.ok(line.startsWith('#') || sample?.[1]?.startsWith(family), line);
  }
});

test('no sample appears twice', () => {
  const text = scrape('text', everyKind);
  const names = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
  assert.equal(new Set(names).size, names.length);
});

test('every close reason of a listener is shown, also those that did not happen', () => {
  const text = scrape('text', everyKind);
  for (const reason of closeReasons) {
    const value = reason === 'idle_timeout' ? 9 : 0;
    const labels = `reason="${reason}",listener="web",direction="outbound"`;
    assert.ok(text.includes(`weft_connection_close_total{${labels}} ${value}\n`), reason);
  }
});

test('times are seconds and availability is 0 or 1', () => {
  const text = scrape('text', everyKind);
  const labels = 'direction="outbound",dst_cluster="app",target_addr="10.0.0.1:80"';
  assert.ok(text.includes(`weft_connect_duration_seconds_sum{${labels}} 2.5\n`));
  assert.ok(text.includes(`weft_connect_duration_seconds_count{${labels}} 4\n`));
  assert.ok(text.includes(`weft_endpoint_available{${labels}} 0\n`));
});

test('buckets of latency add up, and a response has its status and classification', () => {
  const text = scrape('text', everyKind);
  const sample = (name: string, label: string): string | undefined =>
    new RegExp(`^${name}\\{(?=.*${label})(?=.*status_code="503").*\\} (.+)$`, 'm').exec(text)?.[1];
  assert.equal(sample('response_total', 'classification="failure"'), '3');
  assert.equal(sample('response_total', 'classification="success"'), '0');
  const buckets = ['1', '40', '50', '50000', '\\+Inf'];
  assert.deepEqual(
    buckets.map((bound) => sample('response_latency_ms_bucket', `le="${bound}"`)),
    ['1', '1', '2', '2', '3'],
  );
  assert.equal(sample('response_latency_ms_sum', 'dst_cluster'), '70.5');
  assert.equal(sample('response_latency_ms_count', 'dst_cluster'), '3');
  assert.match(text, /^request_total\{.*target_addr="10\.0\.0\.1:80".*\} 5$/m);
  assert.match(text, /^response_total\{classification="failure",.*target_addr="".*\} 2$/m);
});

test('desired and applied revision and the results of reloads are shown', () => {
  const text = scrape('text', () => undefined);
  assert.ok(text.includes('weft_config_revision{state="desired"} 4\n'));
  assert.ok(text.includes('weft_config_revision{state="applied"} 3\n'));
  assert.ok(text.includes('weft_config_reload_total{result="failure"} 1\n'));
});

test('OpenMetrics names counters without _total, knows info and ends with EOF', () => {
  const text = scrape('openmetrics', everyKind);
  assert.match(text, /^# TYPE tcp_open counter$/m);
  assert.match(text, /^tcp_open_total\{.*\} 0$/m);
  assert.match(text, /^# TYPE weft_build info$/m);
  assert.match(text, /^weft_build_info\{version="0.1.0",node="20.0.0"\} 1$/m);
  assert.ok(text.endsWith('\n# EOF\n'));
});

test('process_* tells of this process', () => {
  const text = scrape('text', () => undefined);
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  assert.ok(value('process_resident_memory_bytes') > 1_000_000);
  assert.ok(value('process_virtual_memory_bytes') > value('process_resident_memory_bytes'));
  assert.ok(value('process_open_fds') >= 3);
  assert.ok(value('process_max_fds') >= value('process_open_fds'));
  assert.ok(value('process_threads') >= 1);
  assert.ok(value('process_cpu_seconds_total') > 0);
  const started = value('process_start_time_seconds');
  assert.ok(started > Date.now() / 1_000 - 600 && started <= Date.now() / 1_000);
});

test('a label value is escaped', () => {
  assert.equal(labelText({ a: 'x"y\\z\nw' }), 'a="x\\"y\\\\z\\nw"');
});
