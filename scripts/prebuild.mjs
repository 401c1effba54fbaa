// `npm run prebuilds`: the addon for this machine into prebuilds/, which goes into the tarball, so that
// installing it compiles nothing. Headers beside the running node are used; nothing is downloaded then.

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const prefix = dirname(dirname(realpathSync(process.execPath)));
const env = { ...process.env };
if (existsSync(join(prefix, 'include/node/node_api.h'))) env['npm_config_nodedir'] = prefix;

const prebuildify = join(root, 'node_modules/prebuildify/bin.js');
const args = [prebuildify, '--napi', '--strip', '--tag-libc', ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1);
