// Settings of connections that carry HTTP, complete.

import type { HttpClusterSnapshot, HttpListenerSnapshot } from '../contract/snapshot.ts';
import { defaults } from './defaults.ts';
import { bytes, ms, msOrNull } from './units.ts';
import type { HttpClusterConfig, HttpListenerConfig } from './user-config.ts';

export function resolveHttpListener(http: HttpListenerConfig = {}): HttpListenerSnapshot {
  return {
    headBytesMax: bytes(http.headBytesMax, defaults.httpHeadBytesMax.value),
    headFieldsMax: http.headFieldsMax ?? defaults.httpHeadFieldsMax.value,
    headTimeoutMs: ms(http.headTimeout, defaults.httpHeadTimeoutMs.value),
    errorHeader: http.errorHeader ?? defaults.httpErrorHeader.value,
  };
}

export function resolveHttpCluster(http: HttpClusterConfig = {}): HttpClusterSnapshot {
  return {
    idleTimeoutMs: ms(http.idleTimeout, defaults.httpIdleTimeoutMs.value),
    idleMax: http.idleMax ?? defaults.httpIdleMax.value,
    ageMaxMs: msOrNull(http.ageMax, defaults.httpAgeMaxMs.value),
  };
}
