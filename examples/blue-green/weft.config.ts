// Two versions of a service behind one address. Which share of the requests each gets is in a file that the example
// changes; a reload reads it again.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { defineConfig } from 'weft';

const {
  LISTEN = '127.0.0.1:8080',
  BLUE = '10.0.0.5:80',
  GREEN = '10.0.0.6:80',
  SPLIT,
} = process.env;
const split = SPLIT === undefined ? '{ "blue": 90, "green": 10 }' : readFileSync(SPLIT, 'utf8');
const { blue, green } = JSON.parse(split) as { blue: number; green: number };

export default defineConfig({
  listeners: [
    {
      name: 'service',
      address: LISTEN,
      cluster: 'blue',
      protocol: 'http1',
      httpRoutes: [
        {
          name: 'service',
          rules: [
            {
              name: 'canary',
              matches: [{ headers: [{ name: 'x-canary', value: 'always' }] }],
              backendRefs: [{ cluster: 'green' }],
            },
            {
              name: 'split',
              retry: { codes: [502, 503], on: ['reset'] },
              backendRefs: [
                { cluster: 'blue', weight: blue },
                { cluster: 'green', weight: green },
              ],
            },
          ],
        },
      ],
    },
  ],
  clusters: {
    blue: { endpoints: [BLUE] },
    green: { endpoints: [GREEN] },
  },
});
