// /listeners, /clusters, /routes and /connections: what the workers know, hold and have counted.

import { latencyBoundsMs } from '../../contract/metrics.ts';
import { connectionsLimit, readConnectionsQuery } from '../connections-query.ts';
import { jsonResponse, type Route, textResponse } from '../route.ts';

const endpointCountMax = 100_000;

export const listenersRoute: Route = {
  path: '/listeners',
  about: 'listeners: where each is bound, also when the kernel chose the port',
  methods: {
    GET: async (_request, view) => jsonResponse(200, { listeners: await view.listeners() }),
  },
};

export const clustersRoute: Route = {
  path: '/clusters',
  about: 'clusters and endpoints: availability, connections, failures, summed and for each worker',
  methods: {
    GET: async (_request, view) => {
      const { items, truncated } = await view.clusters(endpointCountMax);
      return jsonResponse(200, { clusters: items, truncated });
    },
  },
};

export const routesRoute: Route = {
  path: '/routes',
  about: 'HTTP requests by route and cluster: responses, retries, latencies',
  methods: {
    GET: (_request, view) => jsonResponse(200, { latencyBoundsMs, routes: view.routes() }),
  },
};

export const connectionsRoute: Route = {
  path: '/connections',
  about: `open connections; ?limit= (to ${connectionsLimit.max}) listener cluster direction state protocol address olderThan`,
  methods: {
    GET: async ({ query }, view) => {
      const wanted = readConnectionsQuery(query, view.names());
      if (typeof wanted === 'string') {
        return textResponse(400, wanted);
      }
      const { items, truncated } = await view.connections(wanted);
      return jsonResponse(200, { connections: items, truncated });
    },
  },
};
