// /drain and /shutdown: what an operator or a pre-stop hook on the same host may ask for.

import { parseDuration } from '../../base/duration.ts';
import { jsonResponse, type Route, textResponse } from '../route.ts';

export const drainRoute: Route = {
  path: '/drain',
  about: 'POST: take no new connections, let open ones finish; ?deadline=30s',
  methods: {
    POST: ({ query }, view) => {
      const text = query.get('deadline');
      const deadline = text === null ? null : parseDuration(text);
      if (deadline !== null && !deadline.ok) {
        return textResponse(400, `deadline: ${deadline.problem}. ${deadline.hint ?? ''}`.trim());
      }
      const deadlineMs = view.drain(deadline?.value ?? null);
      return jsonResponse(202, { draining: true, deadlineMs });
    },
  },
};

export const shutdownRoute: Route = {
  path: '/shutdown',
  about: 'POST: drain, then end the process; only with admin.shutdown: true',
  methods: {
    POST: (_request, view) => {
      if (!view.shutdownAllowed()) {
        return textResponse(403, 'shutdown is off. Set admin.shutdown: true to allow it.');
      }
      view.shutdown();
      return jsonResponse(202, { shuttingDown: true });
    },
  },
};
