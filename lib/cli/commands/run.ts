// `weft run`: the proxy as a configuration file describes it.

import type { LoadedConfig } from '../../config/load.ts';
import { parseCommand } from '../args.ts';
import { keepHeapSmall, runProxy } from '../run-proxy.ts';

const help = `Run the proxy as a configuration file describes it.

  weft run [--config FILE] [--watch] [--workers N] [--admin ADDRESS|off] [--log-level LEVEL]

  --config FILE      the file; without it weft.config.{ts,mts,js,mjs,json,yaml} in this folder
  --watch            reload when the file, or one that it imports, changes
  --workers N        threads that move bytes; without it the CPUs that the process may use
  --admin ADDRESS    where the admin server listens, or off
  --log-level LEVEL  trace, debug, info, warn, error or silent

SIGHUP reloads; a bad file changes nothing. SIGTERM drains, a second one stops at once.

Example:
  weft run --config /etc/weft/weft.config.ts --watch
`;

export async function run(argv: string[]): Promise<number> {
  const parsed = parseCommand(argv, {
    help,
    words: 'none',
    options: {
      config: { type: 'string' },
      watch: { type: 'boolean' },
      workers: { type: 'string' },
      admin: { type: 'string' },
      'log-level': { type: 'string' },
    },
  });
  if (parsed === null) {
    return 0;
  }
  keepHeapSmall();
  const { flags, switches } = parsed;
  const load = async (): Promise<LoadedConfig> => {
    const { loadConfig } = await import('../../config/load.ts');
    return loadConfig({ file: flags['config'], flags });
  };
  const loaded = await load();
  const watch = switches.has('watch') ? await watchOf(loaded) : null;
  return runProxy({
    config: loaded.config,
    load: async () => {
      const { config, watchFiles } = await load();
      watch?.setFiles(watchFiles);
      return config;
    },
    watch: watch?.start ?? null,
  });
}

interface Watch {
  setFiles(files: readonly string[]): void;
  start(onChange: () => void): { stop(): void };
}

/** Watches from now on, so that a change between loading and listening is seen. */
async function watchOf({ watchFiles: files }: LoadedConfig): Promise<Watch> {
  const { watchFiles } = await import('../../config/watch.ts');
  let changed: () => void = () => undefined;
  const watch = watchFiles(files, () => changed());
  return {
    setFiles: (next) => watch.setFiles(next),
    start: (onChange) => {
      changed = onChange;
      return watch;
    },
  };
}
