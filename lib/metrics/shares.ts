// Which families a run of cells counts for, and under which labels.

import { closeReasons } from '../contract/close-reason.ts';
import { runCells, runKinds } from '../contract/metrics.ts';
import {
  closeErrnoLabels,
  clusterLabels,
  connectLabels,
  destinationLabels,
  type LabelSource,
  labelText,
  listenerLabels,
  overflowLabels,
  requestLabels,
  sourceLabels,
} from './labels.ts';
import type { SeriesGroup, Share } from './series.ts';
import type { RunView } from './slab-reader.ts';

/** Where runs are added up. */
export interface SeriesGroups {
  readonly tcp: SeriesGroup;
  readonly connect: SeriesGroup;
  readonly closeReasons: SeriesGroup;
  readonly replies: SeriesGroup;
  readonly protocols: SeriesGroup;
  readonly closeErrno: SeriesGroup;
  readonly cluster: SeriesGroup;
  readonly requests: SeriesGroup;
  readonly responses: SeriesGroup;
}

const protocolsFirst = runCells.listenerTcp.indexOf('opaque');
const closesFirst = runCells.listenerTcp.indexOf('closes');
/** Behind as many cells as there are reasons. */
const repliesFirst = closesFirst + closeReasons.length;
export const connectFirst = runCells.endpointTcp.indexOf('connectFailures');

/** Which families a run counts for, and under which labels. */
export function sharesOf(
  groups: SeriesGroups,
  source: LabelSource,
  view: RunView,
): readonly Share[] {
  const [first = 0, second = 0, third = 0] = view.ids;
  const share = (group: SeriesGroup, from: number, labels: () => string): Share => ({
    group,
    first: from,
    labels,
    series: null,
    origin: new Float64Array(view.cellCount),
  });
  switch (view.kind) {
    case 'listenerTcp':
      return [
        share(groups.tcp, 0, () => labelText(sourceLabels(source, first, second))),
        share(groups.protocols, protocolsFirst, () => listenerLabels(source, first, second)),
        share(groups.closeReasons, closesFirst, () => listenerLabels(source, first, second)),
        share(groups.replies, repliesFirst, () => listenerLabels(source, first, second)),
      ];
    case 'endpointTcp':
      return [
        share(groups.tcp, 0, () => labelText(destinationLabels(source, second, third, first))),
        share(groups.connect, connectFirst, () => connectLabels(source, second, third, first)),
      ];
    case 'closeErrno':
      return [share(groups.closeErrno, 0, () => closeErrnoLabels(source, view.ids))];
    case 'cluster':
      return [share(groups.cluster, 0, () => clusterLabels(source, first))];
    case 'httpRequest':
      return [share(groups.requests, 0, () => labelText(requestLabels(source, view.ids)))];
    case 'httpResponse': {
      const status_code = String(view.ids[3] ?? 0);
      return [
        share(groups.responses, 0, () =>
          labelText({ ...requestLabels(source, view.ids), status_code }),
        ),
      ];
    }
    case 'overflow':
      return overflowShares(groups, view, share);
  }
}

function overflowShares(
  groups: SeriesGroups,
  view: RunView,
  share: (group: SeriesGroup, from: number, labels: () => string) => Share,
): readonly Share[] {
  const labels = overflowLabels(view);
  const tcp = share(groups.tcp, 0, () => labelText(labels));
  const named = { listener: 'overflow', direction: 'overflow' };
  switch (runKinds[view.ids[0] ?? 0]) {
    case 'listenerTcp':
      return [
        tcp,
        share(groups.protocols, protocolsFirst, () => labelText(named)),
        share(groups.closeReasons, closesFirst, () => labelText(named)),
        share(groups.replies, repliesFirst, () => labelText(named)),
      ];
    case 'endpointTcp': {
      const connect = { direction: 'overflow', dst_cluster: 'overflow', target_addr: 'overflow' };
      return [tcp, share(groups.connect, connectFirst, () => labelText(connect))];
    }
    case 'closeErrno': {
      const close = { ...labels, errno: 'overflow' };
      return [share(groups.closeErrno, 0, () => labelText(close))];
    }
    case 'cluster':
      return [share(groups.cluster, 0, () => labelText({ dst_cluster: 'overflow' }))];
    case 'httpRequest':
      return [share(groups.requests, 0, () => labelText(labels))];
    case 'httpResponse':
      return [share(groups.responses, 0, () => labelText({ ...labels, status_code: 'overflow' }))];
    default:
      return [];
  }
}
