// --redirect: the bench in a network namespace of its own, with the server in another one across a veth pair, so that
// the rules of `weft init` have something to redirect. Needs root, ip and nft. The server has two addresses; the rules
// take connections to one of them.

import { spawn } from 'node:child_process';
import process from 'node:process';
import { Namespaces, peerAddress } from '../../test/support/netns.ts';

const environmentWord = 'WEFT_BENCH_FAR_SIDE';

// Of the server: where every peer connects to, and where what is redirected meant to go.
export const farHost = peerAddress.ipv4;
export const redirectedHost = '10.77.0.3';

// The namespace of the server; null before this program has begun anew inside.
export function farSide(): string | null {
  return process.env[environmentWord] ?? null;
}

// Runs this program again inside; its exit code.
export async function runInside(): Promise<number> {
  const spaces = new Namespaces();
  try {
    const added = spaces.run(spaces.peer, [
      ...['ip', 'address', 'add', `${redirectedHost}/24`, 'dev', 'eth0'],
    ]);
    if (added.code !== 0) throw new Error(added.err);
    const args = ['netns', 'exec', spaces.pod, process.execPath, ...process.argv.slice(1)];
    const env = { ...process.env, [environmentWord]: spaces.peer };
    const child = spawn('ip', args, { stdio: 'inherit', env });
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    spaces.remove();
  }
}

export function onFarSide(namespace: string | null, command: readonly string[]): string[] {
  return namespace === null ? [...command] : ['ip', 'netns', 'exec', namespace, ...command];
}
