// What shape.ts lets through: the user's configuration where any part may be missing, because it was
// left out or because it was reported. The rules work on this, so that one bad key hides no other problem.

import type {
  AdminConfig,
  BackendRefConfig,
  ClusterConfig,
  DnsConfig,
  DrainConfig,
  EndpointConfig,
  HttpRouteConfig,
  LimitsConfig,
  ListenerConfig,
  LogConfig,
  MetricsConfig,
} from '../user-config.ts';

export interface UsableTlsRoute {
  readonly hostnames?: readonly (string | undefined)[] | undefined;
  readonly alpn?: readonly (string | undefined)[] | undefined;
  readonly backendRefs?: readonly (Partial<BackendRefConfig> | undefined)[] | undefined;
}

/** The same of something whose parts have parts. */
export type Holes<Whole> = Whole extends readonly (infer Item)[]
  ? readonly (Holes<Item> | undefined)[]
  : Whole extends object
    ? { readonly [Key in keyof Whole]?: Holes<Whole[Key]> | undefined }
    : Whole;

export interface UsableListener extends Partial<Omit<ListenerConfig, 'tlsRoutes' | 'httpRoutes'>> {
  readonly httpRoutes?: readonly (Holes<HttpRouteConfig> | undefined)[] | undefined;
  readonly tlsRoutes?: readonly (UsableTlsRoute | undefined)[] | undefined;
}

export type UsableEndpoint = string | Partial<EndpointConfig> | undefined;

export interface UsableCluster extends Partial<Omit<ClusterConfig, 'endpoints'>> {
  readonly endpoints?: readonly UsableEndpoint[] | undefined;
}

export interface UsableConfig {
  readonly workers?: number | undefined;
  readonly zone?: string | null | undefined;
  readonly listeners?: readonly (UsableListener | undefined)[] | undefined;
  readonly clusters?: Readonly<Record<string, UsableCluster | undefined>> | undefined;
  readonly dns?: DnsConfig | undefined;
  readonly limits?: LimitsConfig | undefined;
  readonly admin?: AdminConfig | null | undefined;
  readonly metrics?: MetricsConfig | undefined;
  readonly log?: LogConfig | undefined;
  readonly drain?: DrainConfig | undefined;
}
