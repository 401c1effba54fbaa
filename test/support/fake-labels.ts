// Names of ids for tests, which a test can change as a reload does.

import type {
  ClusterLabels,
  EndpointLabels,
  LabelSource,
  ListenerLabels,
  RouteLabels,
} from '../../lib/metrics/labels.ts';

export class FakeLabels implements LabelSource {
  readonly listeners = new Map<number, ListenerLabels>();
  /** By endpoint id; the cluster of a test has whatever id. */
  readonly endpoints = new Map<number, EndpointLabels>();

  readonly clusters = new Map<number, ClusterLabels>();

  readonly routes = new Map<number, RouteLabels>();

  listener(listenerId: number): ListenerLabels | null {
    return this.listeners.get(listenerId) ?? null;
  }

  endpoint(_clusterId: number, endpointId: number): EndpointLabels | null {
    return this.endpoints.get(endpointId) ?? null;
  }

  cluster(clusterId: number): ClusterLabels | null {
    return this.clusters.get(clusterId) ?? null;
  }

  route(routeId: number): RouteLabels | null {
    return this.routes.get(routeId) ?? null;
  }

  static of(): FakeLabels {
    const labels = new FakeLabels();
    labels.listeners.set(1, { name: 'web', address: '127.0.0.1:8080', configured: true });
    labels.listeners.set(2, { name: 'in', address: '[::]:4143', configured: true });
    labels.endpoints.set(1, { cluster: 'app', address: '10.0.0.1:80', configured: true });
    labels.endpoints.set(2, { cluster: 'app', address: '[fd00::2]:80', configured: true });
    labels.clusters.set(1, { name: 'app', configured: true });
    return labels;
  }
}
