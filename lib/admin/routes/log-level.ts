// /log-level: read and change how much is logged, until the process ends or the configuration changes it.

import { type LogLevel, logLevels } from '../../base/log.ts';
import { type Route, textResponse } from '../route.ts';

export const logLevelRoute: Route = {
  path: '/log-level',
  about: `GET shows it, PUT sets it to one of ${logLevels.join(', ')}`,
  methods: {
    GET: (_request, view) => textResponse(200, view.logLevel()),
    PUT: ({ body }, view) => {
      const wanted = body.trim();
      const level = logLevels.find((known): known is LogLevel => known === wanted);
      if (level === undefined) {
        return textResponse(400, `expected one of ${logLevels.join(', ')} as the body.`);
      }
      view.setLogLevel(level);
      return textResponse(200, level);
    },
  },
};
