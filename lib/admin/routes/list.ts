// Every route, and the page at / that lists them.

import { type Route, textResponse } from '../route.ts';
import { configRoute } from './config.ts';
import { liveRoute, readyRoute } from './health.ts';
import { drainRoute, shutdownRoute } from './lifecycle.ts';
import { logLevelRoute } from './log-level.ts';
import { metricsRoute } from './metrics.ts';
import { clustersRoute, connectionsRoute, listenersRoute, routesRoute } from './state.ts';

const listed: readonly Route[] = [
  readyRoute,
  liveRoute,
  metricsRoute,
  configRoute,
  listenersRoute,
  clustersRoute,
  routesRoute,
  connectionsRoute,
  logLevelRoute,
  drainRoute,
  shutdownRoute,
];

const indexRoute: Route = {
  path: '/',
  about: 'this list',
  methods: { GET: () => textResponse(200, `weft admin\n\n${pathList()}`) },
};

export const routes: readonly Route[] = [indexRoute, ...listed];

/** One line for each path: methods and what it is for. */
export function pathList(): string {
  return listed
    .map(({ path, methods, about }) => {
      const names = Object.keys(methods).join(', ');
      return `${path.padEnd(14)}${names.padEnd(10)}${about}`;
    })
    .join('\n');
}
