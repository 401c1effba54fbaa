// `weft run`: the proxy as a configuration file describes it.

import type { LoadedConfig } from '../../config/load.ts';
import { parseArguments } from '../args.ts';
import { runProxy } from '../run-proxy.ts';

export async function run(argv: string[]): Promise<number> {
  const { values, switches } = parseArguments('run', argv);
  const load = async (): Promise<LoadedConfig> => {
    const { loadConfig } = await import('../../config/load.ts');
    return loadConfig({ file: values['config'], flags: values });
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
