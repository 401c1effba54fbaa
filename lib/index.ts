// The public door: what `import ... from 'weft'` gives. It never loads the addon, so that configurations can be
// written, checked and tested on any system.

export {
  ConfigError,
  type ConfigIssue,
  type ConfigIssueCode,
  type ErrorCode,
  ProxyError,
} from './base/errors.ts';
export type {
  Config,
  ResolvedAccessLog,
  ResolvedAdmin,
  ResolvedCluster,
  ResolvedDns,
  ResolvedDrain,
  ResolvedEndpoint,
  ResolvedListener,
  ResolvedLog,
  ResolvedMetrics,
} from './config/config.ts';
export { type ConfigExport, defineConfig } from './config/define-config.ts';
export { resolveConfig } from './config/resolve.ts';
export type {
  AccessLogConfig,
  AddressText,
  AdminConfig,
  BalancerConfig,
  BalancerType,
  ClusterConfig,
  Direction,
  DnsConfig,
  DnsFamily,
  DrainConfig,
  DrainListeners,
  Duration,
  EjectionConfig,
  EndpointConfig,
  KeepaliveConfig,
  LimitsConfig,
  ListenerConfig,
  LogConfig,
  LogFormat,
  LogLevel,
  MetricsConfig,
  Protocol,
  Size,
  UserConfig,
} from './config/user-config.ts';
export { checkConfig } from './config/validate.ts';
export {
  type ExplainedAction,
  type ExplainedBackend,
  type ExplainedRequest,
  type Explanation,
  explain,
} from './explain/explain.ts';
