// What a scrape shows: every family of names.ts with the samples that it has now.

import { closeReasons } from '../contract/close-reason.ts';
import { latencyBoundsMs, type WorkerCell } from '../contract/metrics.ts';
import {
  clusterCells,
  connectCells,
  knownProtocols,
  requestCells,
  responseCells,
  tcpCells,
} from './cells.ts';
import { labelText } from './labels.ts';
import { type FamilyInfo, families } from './names.ts';
import { type ProcessFacts, readProcess } from './process.ts';
import type { Family, Sample } from './prometheus.ts';
import type { Registry } from './registry.ts';
import type { SeriesGroup } from './series.ts';

/** What other rooms count. */
export interface ControlFacts {
  readonly desiredRevision: number;
  readonly appliedRevision: number;
  readonly reloadsSucceeded: number;
  readonly reloadsFailed: number;
  readonly accessLog: {
    readonly written: number;
    readonly sampledOut: number;
    readonly dropped: number;
  };
  readonly logLinesDropped: number;
  /** `null` when no cluster has ever had a host name. */
  readonly dns: {
    /** By result. */
    readonly lookups: Readonly<Record<string, number>>;
    /** By state. */
    readonly names: Readonly<Record<string, number>>;
  } | null;
  /** Labels of weft_build_info. */
  readonly build: Readonly<Record<string, string>>;
}

const microsecondsPerSecond = 1e6;
const microsecondsPerMillisecond = 1e3;

/** One scrape. Reads the workers' memory now; the families read from it as they are iterated. */
export function collectFamilies(registry: Registry, facts: ControlFacts): readonly Family[] {
  registry.refresh();
  return [
    ...requestFamilies(registry),
    ...tcpFamilies(registry),
    ...connectionFamilies(registry),
    ...clusterFamilies(registry.cluster),
    ...workerFamilies(registry),
    ...controlFamilies(facts),
    ...processFamilies(readProcess()),
  ];
}

function requestFamilies({ requests, responses, replies }: Registry): readonly Family[] {
  return [
    { info: families.requestTotal, samples: cells(requests, requestCells.requests) },
    {
      info: families.responseTotal,
      samples: byWord(responses, 'classification', {
        success: (at) => at(responseCells.successes),
        failure: (at) => at(responseCells.failures),
      }),
    },
    { info: families.responseLatency, samples: latencySamples(responses) },
    {
      info: families.requestBodyBytesTotal,
      samples: cells(responses, responseCells.requestBytes),
    },
    {
      info: families.responseBodyBytesTotal,
      samples: cells(responses, responseCells.responseBytes),
    },
    { info: families.requestReplaysTotal, samples: cells(requests, requestCells.replays) },
    {
      info: families.requestRetriesTotal,
      samples: byWord(requests, 'result', {
        sent: (at) => at(requestCells.retries),
        denied: (at) => at(requestCells.retriesDenied),
      }),
    },
    { info: families.localRepliesTotal, samples: replySamples(replies) },
  ];
}

function tcpFamilies({ tcp, closeErrno }: Registry): readonly Family[] {
  return [
    { info: families.tcpOpenTotal, samples: cells(tcp, tcpCells.opens) },
    { info: families.tcpOpenConnections, samples: cells(tcp, tcpCells.openNow) },
    { info: families.tcpReadBytesTotal, samples: cells(tcp, tcpCells.readBytes) },
    { info: families.tcpWriteBytesTotal, samples: cells(tcp, tcpCells.writeBytes) },
    { info: families.tcpCloseTotal, samples: cells(closeErrno, 0) },
  ];
}

function connectionFamilies(registry: Registry): readonly Family[] {
  const { connect } = registry;
  return [
    { info: families.connectionCloseTotal, samples: closeReasonSamples(registry.closeReasons) },
    { info: families.connectionProtocolTotal, samples: protocolSamples(registry.protocols) },
    { info: families.connectFailuresTotal, samples: cells(connect, connectCells.connectFailures) },
    { info: families.connectDuration, samples: connectDurationSamples(connect) },
    {
      info: families.endpointAvailable,
      samples: cells(connect, connectCells.unavailableNow, (avoiding) => (avoiding > 0 ? 0 : 1)),
    },
  ];
}

function clusterFamilies(cluster: SeriesGroup): readonly Family[] {
  const probeFailures = clusterCells.probeFailures;
  return [
    {
      info: families.endpointEjectionsTotal,
      samples: byWord(cluster, 'reason', {
        connect_failures: (at) => at(clusterCells.ejectionsByFailures),
        early_closes: (at) => at(clusterCells.ejectionsByEarlyCloses),
        server_errors: (at) => at(clusterCells.ejectionsByServerErrors),
        success_rate: (at) => at(clusterCells.ejectionsBySuccessRate),
      }),
    },
    {
      info: families.endpointEjectionsDeniedTotal,
      samples: cells(cluster, clusterCells.ejectionsDenied),
    },
    { info: families.endpointsEjected, samples: cells(cluster, clusterCells.ejectedNow) },
    { info: families.clusterPanic, samples: cells(cluster, clusterCells.panicNow) },
    { info: families.excludedPicksTotal, samples: cells(cluster, clusterCells.excludedPicks) },
    {
      info: families.endpointProbesTotal,
      samples: byWord(cluster, 'result', {
        success: (at) => at(clusterCells.probes) - at(probeFailures),
        failure: (at) => at(probeFailures),
      }),
    },
    {
      info: families.healthChecksTotal,
      samples: byWord(cluster, 'result', {
        success: (at) => at(clusterCells.healthChecks) - at(clusterCells.healthCheckFailures),
        failure: (at) => at(clusterCells.healthCheckFailures),
      }),
    },
    { info: families.endpointsUnhealthy, samples: cells(cluster, clusterCells.unhealthyNow) },
    { info: families.failFastTotal, samples: cells(cluster, clusterCells.failedFast) },
    {
      info: families.limitRefusalsTotal,
      samples: byWord(cluster, 'limit', {
        connections: (at) => at(clusterCells.connectionsRefused),
        pending: (at) => at(clusterCells.pendingRefused),
        endpoint_connections: (at) => at(clusterCells.endpointsRefused),
      }),
    },
    { info: families.pendingConnections, samples: cells(cluster, clusterCells.pendingNow) },
    { info: families.queuedRequestsTotal, samples: cells(cluster, clusterCells.queued) },
    { info: families.queuedRequests, samples: cells(cluster, clusterCells.queuedNow) },
    {
      info: families.mirroredRequestsTotal,
      samples: byWord(cluster, 'result', {
        success: (at) => at(clusterCells.mirrorSuccesses),
        failure: (at) => at(clusterCells.mirrorFailures),
        skipped: (at) => at(clusterCells.mirrorSkips),
      }),
    },
  ];
}

function workerFamilies(registry: Registry): readonly Family[] {
  const sum = (info: FamilyInfo, name: WorkerCell): Family => ({
    info,
    samples: [{ labels: '', value: registry.workerSum(name) }],
  });
  const each = (info: FamilyInfo, name: WorkerCell): Family => ({
    info,
    samples: registry
      .workerCells(name)
      .map((value, worker) => ({ labels: labelText({ worker: String(worker) }), value })),
  });
  const draining = registry.workerCells('drainingNow').some((value) => value > 0);
  return [
    each(families.connections, 'connectionsNow'),
    sum(families.acceptedTotal, 'accepted'),
    sum(families.handedOverTotal, 'handedOver'),
    sum(families.acceptPausesTotal, 'acceptPauses'),
    sum(families.acceptPaused, 'acceptPausedNow'),
    { info: families.draining, samples: [{ labels: '', value: draining ? 1 : 0 }] },
    sum(families.bufferedBytes, 'bufferedBytesNow'),
    sum(families.connectAttemptsTotal, 'connectAttempts'),
    sum(families.connectRetriesTotal, 'connectRetries'),
    sum(families.splicePromotionsTotal, 'splicePromotions'),
    sum(families.spliceDemotionsTotal, 'spliceDemotions'),
    sum(families.splicePipes, 'pipesNow'),
    sum(families.splicePipesDeniedTotal, 'pipesDenied'),
    each(families.loopTurnsTotal, 'loopTurns'),
    each(families.pollerChangesTotal, 'pollerChanges'),
    sum(families.eventsDroppedTotal, 'eventsDropped'),
    sum(families.runsOverflowedTotal, 'runsOverflowed'),
  ];
}

function controlFamilies(facts: ControlFacts): readonly Family[] {
  return [
    {
      info: families.configReloadTotal,
      samples: [
        { labels: labelText({ result: 'success' }), value: facts.reloadsSucceeded },
        { labels: labelText({ result: 'failure' }), value: facts.reloadsFailed },
      ],
    },
    {
      info: families.configRevision,
      samples: [
        { labels: labelText({ state: 'desired' }), value: facts.desiredRevision },
        { labels: labelText({ state: 'applied' }), value: facts.appliedRevision },
      ],
    },
    ...logFamilies(facts),
    ...(facts.dns === null ? [] : dnsFamilies(facts.dns)),
    { info: families.buildInfo, samples: [{ labels: labelText(facts.build), value: 1 }] },
  ];
}

function logFamilies({ accessLog, logLinesDropped }: ControlFacts): readonly Family[] {
  const results = [
    ['written', accessLog.written],
    ['sampled_out', accessLog.sampledOut],
    ['dropped', accessLog.dropped],
  ] as const;
  return [
    {
      info: families.accessLogTotal,
      samples: results.map(([result, value]) => ({ labels: labelText({ result }), value })),
    },
    { info: families.logDroppedTotal, samples: [{ labels: '', value: logLinesDropped }] },
  ];
}

function dnsFamilies({ lookups, names }: NonNullable<ControlFacts['dns']>): readonly Family[] {
  const each = (label: string, values: Readonly<Record<string, number>>): readonly Sample[] =>
    Object.entries(values).map(([word, value]) => ({
      labels: labelText({ [label]: word }),
      value,
    }));
  return [
    { info: families.dnsLookupsTotal, samples: each('result', lookups) },
    { info: families.dnsNames, samples: each('state', names) },
  ];
}

function processFamilies(facts: ProcessFacts): readonly Family[] {
  const known = (info: FamilyInfo, value: number | null): Family => ({
    info,
    samples: value === null ? [] : [{ labels: '', value }],
  });
  return [
    known(families.processCpuSeconds, facts.cpuSeconds),
    known(families.processResidentMemory, facts.residentBytes),
    known(families.processVirtualMemory, facts.virtualBytes),
    known(families.processOpenFds, facts.openFds),
    known(families.processMaxFds, facts.maxFds),
    known(families.processThreads, facts.threads),
    known(families.processStartTime, facts.startTimeSeconds),
  ];
}

function* cells(
  group: SeriesGroup,
  cell: number,
  convert: (value: number) => number = (value) => value,
): Generator<Sample> {
  for (const series of group.all()) {
    yield { labels: series.labels, value: convert(group.value(series, cell)) };
  }
}

/** One sample for each word, computed from the cells of a series. */
function* byWord(
  group: SeriesGroup,
  label: string,
  values: Readonly<Record<string, (at: (cell: number) => number) => number>>,
): Generator<Sample> {
  for (const series of group.all()) {
    for (const [word, read] of Object.entries(values)) {
      const labels = `${labelText({ [label]: word })},${series.labels}`;
      yield { labels, value: read((cell) => group.value(series, cell)) };
    }
  }
}

function* closeReasonSamples(group: SeriesGroup): Generator<Sample> {
  for (const series of group.all()) {
    for (const [cell, reason] of closeReasons.entries()) {
      const labels = `${labelText({ reason })},${series.labels}`;
      yield { labels, value: group.value(series, cell) };
    }
  }
}

/** Only what has happened: most reasons never do. */
function* replySamples(group: SeriesGroup): Generator<Sample> {
  for (const sample of closeReasonSamples(group)) {
    if (sample.value > 0) {
      yield sample;
    }
  }
}

function* protocolSamples(group: SeriesGroup): Generator<Sample> {
  for (const series of group.all()) {
    for (const [cell, protocol] of knownProtocols.entries()) {
      const labels = `${labelText({ protocol })},${series.labels}`;
      yield { labels, value: group.value(series, cell) };
    }
  }
}

/** Buckets add up, as Prometheus wants it. */
function* latencySamples(group: SeriesGroup): Generator<Sample> {
  for (const series of group.all()) {
    let count = 0;
    for (const [bucket, bound] of [...latencyBoundsMs, '+Inf'].entries()) {
      count += group.value(series, responseCells.latencies + bucket);
      const labels = `${series.labels},${labelText({ le: String(bound) })}`;
      yield { suffix: '_bucket', labels, value: count };
    }
    const us = group.value(series, responseCells.latencyUsSum);
    yield { suffix: '_sum', labels: series.labels, value: us / microsecondsPerMillisecond };
    yield { suffix: '_count', labels: series.labels, value: count };
  }
}

function* connectDurationSamples(group: SeriesGroup): Generator<Sample> {
  for (const series of group.all()) {
    const { labels } = series;
    const us = group.value(series, connectCells.connectUsSum);
    yield { suffix: '_sum', labels, value: us / microsecondsPerSecond };
    yield { suffix: '_count', labels, value: group.value(series, connectCells.connectCount) };
  }
}
