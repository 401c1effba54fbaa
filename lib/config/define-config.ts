// What a configuration file exports. It only gives its argument a type, so that an editor completes every key.

import type { UserConfig } from './user-config.ts';

/** A configuration, or a function that makes one when the file is loaded. */
export type ConfigExport = UserConfig | (() => UserConfig | Promise<UserConfig>);

/**
 * Gives completion and types to the configuration that a file exports:
 *
 * ```ts
 * import { defineConfig } from 'weft';
 *
 * export default defineConfig({
 *   listeners: [{ address: '127.0.0.1:8080', cluster: 'web' }],
 *   clusters: { web: { endpoints: ['10.0.0.5:80', '10.0.0.6:80'] } },
 * });
 * ```
 */
export function defineConfig(config: ConfigExport): ConfigExport {
  return config;
}
