// Builds the two images without any registry: a Debian from mmdebstrap is the base, with a node of npm's own packages
// in it for the stage that installs. Everything lies in build-native/image; the tests of test/image get the root
// filesystems of the images and what the images say about themselves.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { filesBelow, root } from './context.mjs';
import { fetchNode } from './node-versions.mjs';
import { fromTool, runNodeTests } from './runners.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./runners.mjs').Result} Result */

/** The Node of the image. */
const imageMajor = 24;
const folder = join(root, 'build-native/image');
const base = join(folder, 'base');
/** Copies of whole trees work everywhere; layers are faster where the kernel has them. */
const storageDriver = readFileSync('/proc/filesystems', 'utf8').includes('overlay')
  ? 'overlay'
  : 'vfs';
/** Where most systems have it, and Debian too. */
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** Storage of its own, so that nothing is left in that of the machine.
 * @param {Context} context @param {string[]} args */
function buildah(context, args) {
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
  return context.exec('buildah', [...storage, '--storage-driver', storageDriver, ...args]);
}

/** A step that has to work.
 * @param {Promise<import('./context.mjs').Outcome>} step */
async function must(step) {
  const outcome = await step;
  if (!outcome.ok) throw new Failed(outcome.output);
  return outcome.output.trim();
}

class Failed extends Error {}

/** Debian with what the stages of the Dockerfile need, and node with npm where its own image has them.
 * @param {Context} context */
async function makeBase(context) {
  if (existsSync(join(base, 'usr/local/bin/node'))) return;
  rmSync(base, { recursive: true, force: true });
  const include = 'binutils,ca-certificates,libatomic1,libstdc++6,nftables';
  const options = ['--variant=minbase', `--include=${include}`, '--mode=root'];
  await must(context.exec('mmdebstrap', [...options, 'bookworm', base]));
  const modules = join(base, 'usr/local/lib/node_modules');
  mkdirSync(modules, { recursive: true });
  const npm = await must(context.exec('npm', ['root', '--global']));
  cpSync(join(npm, 'npm'), join(modules, 'npm'), { recursive: true, dereference: true });
  writeFileSync(
    join(base, 'usr/local/bin/npm'),
    '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
    { mode: 0o755 },
  );
  // A machine may reach the registry through a certificate authority of its own.
  if (existsSync(certificates)) {
    copyFileSync(certificates, join(base, certificates));
    mkdirSync(join(base, 'root'), { recursive: true });
    writeFileSync(join(base, 'root/.npmrc'), `cafile=${certificates}\n`);
  }
  const node = await fetchNode(context, imageMajor);
  copyFileSync(node, join(base, 'usr/local/bin/node'));
}

/** @param {Context} context */
async function makeContext(context) {
  const from = join(folder, 'context');
  rmSync(from, { recursive: true, force: true });
  mkdirSync(from, { recursive: true });
  await must(context.node('scripts/prebuild.mjs', ['--arch', process.arch]));
  await must(context.exec('npm', ['pack', '--ignore-scripts', '--pack-destination', from]));
  copyFileSync(join(root, 'Dockerfile'), join(from, 'Dockerfile'));
  return from;
}

/** Containers first: their roots are mounted.
 * @param {Context} context */
async function clean(context) {
  await buildah(context, ['rm', '--all']);
  for (const name of ['storage', 'run']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The root filesystem of an image, and its configuration beside it.
 * @param {Context} context @param {string} name */
async function unpack(context, name) {
  const container = await must(buildah(context, ['from', '--pull-never', `localhost/${name}`]));
  const mounted = await must(buildah(context, ['mount', container]));
  const inspected = await must(
    buildah(context, ['inspect', '--type', 'image', `localhost/${name}`]),
  );
  const { config } = JSON.parse(inspected).Docker;
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
  return mounted;
}

/** @param {Context} context @returns {Promise<Record<string, string>>} */
async function makeImages(context) {
  mkdirSync(folder, { recursive: true });
  await clean(context);
  await makeBase(context);
  const from = await makeContext(context);
  const container = await must(buildah(context, ['from', 'scratch']));
  await must(buildah(context, ['copy', '--quiet', container, base, '/']));
  await must(buildah(context, ['commit', '--quiet', container, 'localhost/weft-base']));
  const options = ['--isolation', 'chroot', '--format', 'docker', '--pull-never'];
  for (const argument of ['BASE', 'NODE']) {
    options.push('--build-arg', `${argument}=localhost/weft-base`);
  }
  for (const [target, name] of [
    ['sidecar', 'weft'],
    ['init', 'weft-init'],
  ]) {
    const tag = ['--target', String(target), '--tag', `localhost/${name}`];
    await must(buildah(context, ['bud', ...options, ...tag, from]));
  }
  return {
    WEFT_IMAGE: folder,
    WEFT_IMAGE_ROOT: await unpack(context, 'weft'),
    WEFT_INIT_ROOT: await unpack(context, 'weft-init'),
  };
}

/** @param {Context} context @returns {Promise<Result>} */
export async function runImageTests(context) {
  try {
    const env = await makeImages(context);
    return await runNodeTests(context, filesBelow('test/image', ['.test.ts']), { env });
  } catch (error) {
    if (error instanceof Failed) return fromTool({ ok: false, output: error.message }, 0);
    throw error;
  } finally {
    await clean(context);
  }
}
