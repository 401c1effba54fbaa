// Settings of connections that carry HTTP, complete.

import type {
  ForwardedSnapshot,
  HttpClusterSnapshot,
  HttpListenerSnapshot,
} from '../contract/snapshot.ts';
import { defaults } from './defaults.ts';
import { resolveNetwork } from './resolve-network.ts';
import { bytes, ms, msOrNull } from './units.ts';
import type { ForwardedConfig, HttpClusterConfig, HttpListenerConfig } from './user-config.ts';

export function resolveHttpListener(http: HttpListenerConfig = {}): HttpListenerSnapshot {
  return {
    headBytesMax: bytes(http.headBytesMax, defaults.httpHeadBytesMax.value),
    headFieldsMax: http.headFieldsMax ?? defaults.httpHeadFieldsMax.value,
    headTimeoutMs: ms(http.headTimeout, defaults.httpHeadTimeoutMs.value),
    errorHeader: http.errorHeader ?? defaults.httpErrorHeader.value,
    forwarded: resolveForwarded(http.forwarded),
    via: http.via ?? '',
    requestId: (http.requestId ?? '').toLowerCase(),
  };
}

function resolveForwarded(forwarded: ForwardedConfig | null | undefined): ForwardedSnapshot | null {
  if (!forwarded) {
    return defaults.httpForwarded.value;
  }
  const headers = forwarded.headers ?? ['x-forwarded'];
  return {
    xForwarded: headers.includes('x-forwarded'),
    forwarded: headers.includes('forwarded'),
    from: (forwarded.from ?? []).map(resolveNetwork),
  };
}

export function resolveHttpCluster(http: HttpClusterConfig = {}): HttpClusterSnapshot {
  return {
    idleTimeoutMs: ms(http.idleTimeout, defaults.httpIdleTimeoutMs.value),
    idleMax: http.idleMax ?? defaults.httpIdleMax.value,
    ageMaxMs: msOrNull(http.ageMax, defaults.httpAgeMaxMs.value),
    queueMax: http.queueMax ?? defaults.httpQueueMax.value,
    queueTimeoutMs: ms(http.queueTimeout, defaults.httpQueueTimeoutMs.value),
  };
}
