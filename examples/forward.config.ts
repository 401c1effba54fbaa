// The smallest configuration: one address, balanced over two others.

import { defineConfig } from 'weft';

export default defineConfig({
  listeners: [{ name: 'web', address: '127.0.0.1:8080', cluster: 'web' }],
  clusters: {
    web: { endpoints: ['10.0.0.5:80', '10.0.0.6:80'] },
  },
});
