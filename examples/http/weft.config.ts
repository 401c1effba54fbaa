// One address for four servers that others wrote: a route for each, by the path that it is asked for under.

import process from 'node:process';
import { defineConfig } from 'weft';

const {
  LISTEN = '127.0.0.1:8080',
  NGINX = '10.0.0.5:80',
  APACHE = '10.0.0.6:80',
  GO = '10.0.0.7:80',
  APPLICATION = '10.0.0.8:80',
} = process.env;

/** Requests below `/name` go to that cluster, which does not know of the name. */
const under = (name: string) => ({
  name,
  matches: [{ path: { value: `/${name}` } }],
  filters: [
    {
      type: 'URLRewrite' as const,
      urlRewrite: { path: { type: 'ReplacePrefixMatch' as const, replacePrefixMatch: '/' } },
    },
  ],
  backendRefs: [{ cluster: name }],
});

export default defineConfig({
  listeners: [
    {
      name: 'web',
      address: LISTEN,
      cluster: 'node',
      protocol: 'http1',
      http: { requestId: 'x-request-id', forwarded: {} },
      httpRoutes: [
        { name: 'servers', rules: [under('nginx'), under('apache'), under('go')] },
        { name: 'rest', rules: [{ backendRefs: [{ cluster: 'node' }] }] },
      ],
    },
  ],
  clusters: {
    nginx: { endpoints: [NGINX], healthCheck: { type: 'http', path: '/hello.txt' } },
    apache: { endpoints: [APACHE], healthCheck: { type: 'http', path: '/hello.txt' } },
    go: { endpoints: [GO] },
    node: { endpoints: [APPLICATION] },
  },
});
