// A Weft whose JavaScript thread blocks when its parent says so: blockable-proxy LISTEN TARGET. Ends
// when the parent does, at the latest when a block is over.

import process from 'node:process';
import { WeftProxy } from '../../lib/app/proxy.ts';
import { createLog } from '../../lib/base/log.ts';
import { forwardConfig } from '../../lib/config/forward-config.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';

const [listen = '', target = ''] = process.argv.slice(2);
const config = forwardConfig(
  { listen, targets: [target], flags: { workers: '1' }, accessLog: false },
  {},
);
const log = await createLog({ ...config.log, level: 'silent' });
const proxy = new WeftProxy({ addon: loadAddon(), log, build: {}, onShutdown: () => {} });

function say(word: string): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(word, () => resolve());
  });
}

process.on('message', async ({ blockMs }: { blockMs: number }) => {
  await say('blocking');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  await say('free');
});
process.on('disconnect', () => process.exit(0));

await proxy.start(config);
await say('listening');
