// A sidecar with explicit listeners: what comes to the workload, and what leaves it, each with limits. The
// endpoints come from the environment, as a deployment sets them.

import { defineConfig } from 'weft';

const cartEndpoints = (process.env['CART_ENDPOINTS'] ?? '10.0.2.5:80,10.0.2.6:80').split(',');

export default defineConfig({
  listeners: [
    { name: 'inbound', address: '[::]:4143', cluster: 'workload', direction: 'inbound' },
    { name: 'cart', address: '127.0.0.1:4140', cluster: 'cart', accessLog: true },
  ],
  clusters: {
    workload: { endpoints: ['127.0.0.1:8080'] },
    cart: { endpoints: cartEndpoints },
  },
  limits: { connectionsMax: 20_000, bufferedBytesMax: '64MiB' },
  admin: { address: '[::]:4191' },
  log: { format: 'json' },
  drain: { deadline: '30s' },
});
