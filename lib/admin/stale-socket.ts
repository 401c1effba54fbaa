// A unix socket file outlives a process that was killed, and binding fails as long as it is there. One that nobody
// listens on refuses; only then is it removed. native/os/kernel_sockets.cc does the same for listeners.

import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

/** Changes nothing where there is no such file, where it is no socket, and where somebody answers. Never rejects:
 * whatever is still in the way, binding says. */
export async function removeStaleSocketFile(path: string): Promise<void> {
  try {
    if ((await lstat(path)).isSocket() && (await refuses(path))) {
      await unlink(path);
    }
  } catch {
    // No file, or no permission: what matters of it binding finds out.
  }
}

function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}
