// A sidecar beside a workload that knows nothing of it: `weft init` leads the connections here, each goes on to where it
// meant to go, and the first bytes tell what it carries. There is no list of ports and no cluster to name.

import { defineConfig } from 'weft';

export default defineConfig({
  listeners: [
    { name: 'outbound', address: '127.0.0.1:4140', transparent: true },
    { name: 'outbound-ipv6', address: '[::1]:4140', transparent: true },
    { name: 'inbound', address: '[::]:4143', direction: 'inbound', transparent: true },
  ],
  limits: { connectionsMax: 20_000, bufferedBytesMax: '64MiB' },
  log: { format: 'json', accessLog: true },
  drain: { deadline: '10s' },
});
