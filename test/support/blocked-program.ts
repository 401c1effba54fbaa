// A proxy through lib's own class whose JavaScript thread blocks: started by a test with the port to listen on and the
// configuration of its cluster in JSON. It says 'ready'; told to block for so many milliseconds, it says 'blocking',
// sleeps in Atomics.wait, and says 'awake'.

import { WeftProxy } from '../../lib/app/proxy.ts';
import { createLog } from '../../lib/base/log.ts';
import { resolveConfig } from '../../lib/config/resolve.ts';
import type { ClusterConfig } from '../../lib/config/user-config.ts';
import { loadAddon } from '../../lib/engine/load-addon.ts';

const [port = '', cluster = ''] = process.argv.slice(2);

const config = resolveConfig({
  workers: 2,
  listeners: [{ name: 'web', address: `127.0.0.1:${port}`, cluster: 'app' }],
  clusters: { app: JSON.parse(cluster) as ClusterConfig },
  admin: null,
});
const proxy = new WeftProxy({
  addon: loadAddon(),
  log: await createLog({ level: 'warn', format: 'json' }),
  build: {},
  onShutdown: () => undefined,
});
await proxy.start(config);

process.on('message', (milliseconds: number) => {
  process.send?.('blocking', () => {
    const until = performance.now() + milliseconds;
    // One wait may end a little early.
    for (let left = milliseconds; left > 0; left = until - performance.now()) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left);
    }
    process.send?.('awake');
  });
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
