// Module hooks of the child process: `weft` is the running package wherever the configuration file lies, and
// every file that is imported is reported. On Node 20 this file is loaded in Node's hooks thread
// (module.register); newer versions call `resolveWith` in the thread itself (module.registerHooks).

import type { MessagePort } from 'node:worker_threads';

export interface HooksData {
  /** file: URL of lib/index. */
  readonly indexUrl: string;
  readonly port: MessagePort;
}

interface Resolved {
  readonly url: string;
}

let data: HooksData | null = null;

export function initialize(given: HooksData): void {
  data = given;
}

export async function resolve<Answer extends Resolved>(
  specifier: string,
  context: unknown,
  nextResolve: (specifier: string, context: unknown) => Promise<Answer>,
): Promise<Answer | { url: string; shortCircuit: true }> {
  if (specifier === 'weft' && data !== null) {
    return { url: data.indexUrl, shortCircuit: true };
  }
  const resolved = await nextResolve(specifier, context);
  data?.port.postMessage(resolved.url);
  return resolved;
}
