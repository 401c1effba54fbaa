// /ready and /live: for probes. Ready is 503 until everything listens and as soon as a drain begins.

import { type Route, textResponse } from '../route.ts';

export const readyRoute: Route = {
  path: '/ready',
  about: '200 when connections are taken, 503 while starting and draining',
  methods: {
    GET: (_request, view) => {
      const { ready, state } = view.readiness();
      return ready ? textResponse(200, 'ready') : textResponse(503, `not ready: ${state}`);
    },
  },
};

export const liveRoute: Route = {
  path: '/live',
  about: '200 while the process answers',
  methods: { GET: () => textResponse(200, 'live') },
};
