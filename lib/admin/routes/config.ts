// /config: what runs, as numbers and defaults, with the revision that is wanted and the one that every worker has.

import { redact } from '../redact.ts';
import { jsonResponse, type Route } from '../route.ts';

export const configRoute: Route = {
  path: '/config',
  about: 'the configuration with every default, desired and applied revision; secrets redacted',
  methods: {
    GET: (_request, view) => {
      const { desiredRevision, appliedRevision, config } = view.config();
      return jsonResponse(200, { desiredRevision, appliedRevision, config: redact(config) });
    },
  },
};
