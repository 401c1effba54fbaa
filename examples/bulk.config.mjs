// Bulk transfers in plain JavaScript: more pipes for splice, and no idle timeout that would end a slow copy.

import { defineConfig } from 'weft';

export default defineConfig({
  workers: 2,
  listeners: [{ name: 'storage', address: '0.0.0.0:9000', cluster: 'storage', idleTimeout: '24h' }],
  clusters: {
    storage: { endpoints: ['10.0.3.5:9000', '10.0.3.6:9000'], balancer: 'roundRobin' },
  },
  limits: { pipeCountMax: 64, pipeBytes: '1MiB' },
});
