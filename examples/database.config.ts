// A pool of database replicas beside an application: connections are long and often silent, a replica may
// take twice the load, and a lost one must be noticed quickly.

import { defineConfig } from 'weft';

const keepalive = { idle: '30s', interval: '10s', probes: 3 };

export default defineConfig({
  listeners: [
    {
      name: 'postgres',
      address: 'unix:/run/app/.s.PGSQL.5432',
      unixMode: '0660',
      cluster: 'replicas',
      connectionsMax: 200,
      idleTimeout: null,
    },
  ],
  clusters: {
    replicas: {
      endpoints: [{ address: '10.0.1.5:5432', weight: 2 }, '10.0.1.6:5432'],
      balancer: 'leastConnections',
      connectTimeout: '500ms',
      ejection: { baseTime: '200ms', maxTime: '5s' },
      keepalive,
      userTimeout: '30s',
    },
  },
});
