// /listeners, /clusters and /connections: what the workers know and hold now. Asked of the workers, so bounded.

import { countParameter, jsonResponse, type Route, textResponse } from '../route.ts';

const limit = { default: 100, max: 10_000 } as const;
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

export const connectionsRoute: Route = {
  path: '/connections',
  about: `open connections; ?limit=N of 1 to ${limit.max}, ${limit.default} without it`,
  methods: {
    GET: async ({ query }, view) => {
      const countMax = countParameter(query, 'limit', limit);
      if (countMax === null) {
        return textResponse(400, `limit: expected a number of 1 to ${limit.max}.`);
      }
      const { items, truncated } = await view.connections(countMax);
      return jsonResponse(200, { connections: items, truncated });
    },
  },
};
