// Routes of TLS by the names in the ClientHello: from what a person writes to what is resolved, and which clusters
// a listener leads to with them.

import type { ResolvedTlsRoute } from './config.ts';
import { defaults } from './defaults.ts';
import type { ListenerConfig } from './user-config.ts';

/** Backends that take no share are left out: a check has seen that one is left. */
export function resolveTlsRoutes({ tlsRoutes = [] }: ListenerConfig): ResolvedTlsRoute[] {
  return tlsRoutes.map(({ hostnames = [], alpn = [], backendRefs }) => ({
    hostnames,
    alpn,
    backendRefs: backendRefs
      .map(({ cluster, weight }) => ({ cluster, weight: weight ?? defaults.backendWeight.value }))
      .filter(({ weight }) => weight > 0),
  }));
}

interface WithBackends {
  readonly backendRefs?:
    | readonly ({ readonly cluster?: string | undefined } | undefined)[]
    | undefined;
}

/** Of a listener in any state, written or usable. */
export interface LeadingToClusters {
  readonly cluster?: string | undefined;
  readonly tlsRoutes?: readonly (WithBackends | undefined)[] | undefined;
  readonly httpRoutes?:
    | readonly (
        | { readonly rules?: readonly (WithBackends | undefined)[] | undefined }
        | undefined
      )[]
    | undefined;
}

/** Each once: its own, and those of its routes. */
export function clustersOf({ cluster, tlsRoutes, httpRoutes }: LeadingToClusters): string[] {
  const rules = (httpRoutes ?? []).flatMap((route) => route?.rules ?? []);
  const routed = [...(tlsRoutes ?? []), ...rules].flatMap((route) =>
    (route?.backendRefs ?? []).map((backend) => backend?.cluster),
  );
  return [...new Set([cluster, ...routed].filter((name) => name !== undefined))];
}
