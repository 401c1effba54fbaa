// What this room needs to know about ids: the names that a person gave.

export interface EventNames {
  /** `null` for an id that nobody remembers. */
  listenerName(listenerId: number): string | null;
  listenerDirection(listenerId: number): string | null;
  clusterName(clusterId: number): string | null;
  routeName(routeId: number): string | null;
  endpointAddress(clusterId: number, endpointId: number): string | null;
}
