// /metrics: the Prometheus text format, or OpenMetrics for who prefers it.

import { contentTypes, type ExpositionFormat } from '../../metrics/prometheus.ts';
import { quality } from '../accept.ts';
import type { Route } from '../route.ts';

/** From the least to the most exact. */
const wildcards = ['*/*', 'text/*'];

export const metricsRoute: Route = {
  path: '/metrics',
  about: 'Prometheus text, OpenMetrics when asked for, gzip when accepted',
  methods: {
    GET: ({ headers }, view) => {
      const format = formatFor(headers['accept']);
      return { status: 200, contentType: contentTypes[format], body: view.metrics(format) };
    },
  },
};

function formatFor(accept: string | string[] | undefined): ExpositionFormat {
  const header = Array.isArray(accept) ? accept.join(',') : accept;
  const openMetrics = quality(header, 'application/openmetrics-text', []);
  return openMetrics > 0 && openMetrics >= quality(header, 'text/plain', wildcards)
    ? 'openmetrics'
    : 'text';
}
