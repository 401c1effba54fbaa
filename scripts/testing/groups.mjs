// The groups of `npm test`, in the order in which they run. Tests join a group by where they lie;
// a new kind of test is one more entry here. `level` says who runs it: `test` is npm test, `ci` is
// what .ci/run adds, `full` is npm run test:full. Budgets are minutes on two cores, with everything
// compiled from nothing. `maySkip`: tests may skip themselves there, even in CI.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runClangTidy } from './clang-tidy.mjs';
import { filesBelow, root } from './context.mjs';
import { runImageTests } from './image.mjs';
import { runKubernetesTests } from './kubernetes.mjs';
import { runMutations } from './mutations.mjs';
import { netnsNeed } from './needs.mjs';
import { runOnNodeVersions } from './node-versions.mjs';
import { runPackageMatrix, runPackageTests } from './packages.mjs';
import {
  buildNative,
  fromTool,
  runFuzzers,
  runGoogleTests,
  runNodeTests,
  runSimulation,
  runSteps,
} from './runners.mjs';
import { asanAddonEnv, sanitizerEnv, tsanAddonEnv } from './sanitizers.mjs';

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {import('./needs.mjs').Need} Need */

/** @typedef {{
 *   name: string,
 *   about: string,
 *   level: 'test' | 'ci' | 'full',
 *   budgetMinutes: number,
 *   needs?: Need[],
 *   after?: string[],
 *   maySkip?: boolean,
 *   run: (context: Context) => Promise<import('./runners.mjs').Result>,
 * }} Group */

/** @type {Need[]} */
const cmakeNeeds = [
  { program: 'cmake', package: 'cmake' },
  { program: 'g++', package: 'g++' },
  { program: 'make', package: 'make' },
];
/** @type {Need[]} */
const googleTestNeeds = [
  ...cmakeNeeds,
  { file: '/usr/include/gtest/gtest.h', package: 'libgtest-dev' },
  { file: '/usr/include/gmock/gmock.h', package: 'libgmock-dev' },
];
/** @type {Need[]} */
const clangNeeds = [...cmakeNeeds, { program: 'clang++-19', package: 'clang-19' }];
/** @type {Need[]} */
const sanitizerNeeds = [
  ...googleTestNeeds,
  ...clangNeeds,
  { file: '/usr/lib/llvm-19/lib/clang/19/lib/linux', package: 'libclang-rt-19-dev' },
  { program: 'llvm-symbolizer-19', package: 'llvm-19' },
];
/** @type {Need[]} */
const fuzzNeeds = [
  ...sanitizerNeeds,
  { file: '/usr/include/boost/beast/http.hpp', package: 'libboost-dev' },
];
/** @type {Need[]} */
const peerNeeds = [
  { program: 'initdb', package: 'postgresql' },
  { program: 'redis-server', package: 'redis-server' },
  { program: 'redis-benchmark', package: 'redis-tools' },
  { program: 'iperf3', package: 'iperf3' },
  { program: 'sshd', package: 'openssh-server' },
  { program: 'ssh', package: 'openssh-client' },
  { program: 'mariadbd', package: 'mariadb-server' },
  { program: 'aiosmtpd', package: 'python3-aiosmtpd' },
  { program: 'curl', package: 'curl' },
  { program: 'openssl', package: 'openssl' },
  { program: 'socat', package: 'socat' },
  { program: 'haproxy', package: 'haproxy' },
  { program: 'nginx', package: 'libnginx-mod-stream' },
  { program: 'apache2', package: 'apache2-bin' },
  { program: 'ab', package: 'apache2-utils' },
  { program: 'wget', package: 'wget' },
  { program: 'wrk', package: 'wrk' },
  { program: 'go', package: 'golang-go' },
  { program: 'chromium', package: 'chromium' },
  { file: '/usr/lib/python3/dist-packages/requests', package: 'python3-requests' },
  { file: '/usr/lib/python3/dist-packages/httpx', package: 'python3-httpx' },
  { file: '/usr/lib/python3/dist-packages/aiohttp', package: 'python3-aiohttp' },
];

/** @type {Need[]} */
const crossNeeds = [
  { program: 'aarch64-linux-gnu-g++', package: 'g++-aarch64-linux-gnu' },
  { program: 'qemu-aarch64-static', package: 'qemu-user-static' },
];

const nativeEndings = ['.h', '.cc', '.c'];
const scriptEndings = ['.ts', '.mjs'];
const scriptFolders = ['lib', 'test', 'bench', 'scripts', 'examples'];

function nativeFiles() {
  return ['native', 'test', 'bench'].flatMap((folder) => filesBelow(folder, nativeEndings));
}

function scriptCount() {
  return scriptFolders.flatMap((folder) => filesBelow(folder, scriptEndings)).length;
}

/** Test files below a folder that no other group has taken.
 * @param {string} folder
 * @param {string[]} [except] */
function testsIn(folder, except = []) {
  return filesBelow(folder, ['.test.ts']).filter(
    (path) => !except.some((other) => path.startsWith(other)),
  );
}

/** Those that load the addon, and need nobody else's programs. */
function addonTests() {
  return [...testsIn('test/contract'), ...testsIn('test/integration', ['test/integration/peers/'])];
}

/** @param {string} list */
function sourceCount(list) {
  const path = join(root, 'native', list);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean).length : 0;
}

/** @type {Group[]} */
export const GROUPS = [
  {
    name: 'build',
    about: 'addon, dist/ and dist-test/',
    level: 'test',
    budgetMinutes: 4,
    run: (context) =>
      runSteps(
        [
          () => context.node('scripts/install.mjs', ['--addon']),
          () => context.node('scripts/install.mjs', ['--ts']),
          () => context.node('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.test.json']),
        ],
        3,
      ),
  },
  {
    name: 'format',
    about: 'clang-format-19 and Biome leave every file as it is',
    level: 'test',
    budgetMinutes: 1,
    needs: [{ program: 'clang-format-19', package: 'clang-format-19' }],
    run: async (context) => {
      const native = await context.exec('clang-format-19', ['--dry-run', ...nativeFiles()]);
      const biome = await context.node('node_modules/@biomejs/biome/bin/biome', ['format', '.']);
      const named = native.output.matchAll(/^([^\s:]+):\d+:\d+: warning: code should/gm);
      const differing = [...new Set([...named].map(([, path]) => path))].join('\n');
      const ok = native.ok && differing === '' && biome.ok;
      const output = `${differing}\n${biome.ok ? '' : biome.output}\nnpm run format repairs this.`;
      return fromTool({ ok, output }, nativeFiles().length + scriptCount());
    },
  },
  {
    name: 'lint',
    about: 'Biome: rules, import order, import directions',
    level: 'test',
    budgetMinutes: 1,
    run: async (context) => {
      const args = ['check', '--formatter-enabled=false', '--error-on-warnings', '.'];
      const outcome = await context.node('node_modules/@biomejs/biome/bin/biome', args);
      return fromTool(outcome, scriptCount());
    },
  },
  {
    name: 'types',
    about: 'scripts and examples type-check, the package is well-formed',
    level: 'test',
    budgetMinutes: 1,
    after: ['build'],
    run: (context) =>
      runSteps(
        [
          () => context.node('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.check.json']),
          () => context.node('node_modules/publint/src/cli.js', ['--strict']),
        ],
        scriptCount(),
      ),
  },
  {
    name: 'tidy',
    about: 'the house rules for both languages, and what the build makes',
    level: 'test',
    budgetMinutes: 3,
    after: ['build'],
    run: (context) => runNodeTests(context, filesBelow('test', ['.test.ts']).filter(isTopLevel)),
  },
  {
    name: 'unit-ts',
    about: 'test/lib',
    level: 'test',
    budgetMinutes: 2,
    after: ['build'],
    run: (context) => runNodeTests(context, testsIn('test/lib'), { jobs: 2 }),
  },
  {
    name: 'unit-native',
    about: 'test/native with g++',
    level: 'test',
    budgetMinutes: 5,
    needs: googleTestNeeds,
    run: (context) => runGoogleTests(context, 'release'),
  },
  {
    name: 'simulation',
    about: 'test/simulation: the workers in a simulated world, 1,000 seeds',
    level: 'test',
    budgetMinutes: 3,
    needs: googleTestNeeds,
    run: (context) => runSimulation(context, 'release', 1_000),
  },
  {
    name: 'unsafe-buffers',
    about: 'clang-19 compiles everything; unchecked pointers are errors where network bytes pass',
    level: 'test',
    budgetMinutes: 3,
    needs: clangNeeds,
    run: async (context) =>
      fromTool(
        await buildNative(context, 'clang'),
        sourceCount('sources.txt') + sourceCount('binding_sources.txt'),
      ),
  },
  {
    name: 'contract',
    about: 'test/contract: both languages agree',
    level: 'test',
    budgetMinutes: 1,
    after: ['build'],
    run: (context) => runNodeTests(context, testsIn('test/contract')),
  },
  {
    name: 'integration',
    about: 'test/integration: a real proxy on loopback',
    level: 'test',
    budgetMinutes: 4,
    after: ['build'],
    needs: [
      { program: 'strace', package: 'strace' },
      { program: 'promtool', package: 'prometheus' },
      { program: 'dnsmasq', package: 'dnsmasq-base' },
    ],
    run: (context) =>
      runNodeTests(context, testsIn('test/integration', ['test/integration/peers/']), { jobs: 2 }),
  },
  {
    name: 'peers',
    about: 'test/integration/peers: programs that others wrote, through Weft',
    level: 'test',
    budgetMinutes: 3,
    after: ['build'],
    needs: peerNeeds,
    run: (context) => runNodeTests(context, testsIn('test/integration/peers')),
  },
  {
    name: 'netns',
    about: 'test/netns: redirection, in network namespaces of its own',
    level: 'test',
    budgetMinutes: 2,
    after: ['build'],
    needs: [
      netnsNeed,
      { program: 'nft', package: 'nftables' },
      { program: 'ip', package: 'iproute2' },
      { program: 'curl', package: 'curl' },
      { program: 'python3', package: 'python3' },
      { program: 'iperf3', package: 'iperf3' },
      { program: 'initdb', package: 'postgresql' },
      { program: 'mariadbd', package: 'mariadb-server' },
      { program: 'aiosmtpd', package: 'python3-aiosmtpd' },
    ],
    run: (context) => runNodeTests(context, testsIn('test/netns')),
  },
  {
    name: 'bench',
    about: 'bench/self: the measuring instruments measure right',
    level: 'test',
    budgetMinutes: 2,
    after: ['build'],
    run: (context) => runNodeTests(context, testsIn('bench/self')),
  },
  {
    name: 'regress',
    about: 'instruction counts against bench/regress',
    level: 'test',
    budgetMinutes: 2,
    after: ['build'],
    needs: [...googleTestNeeds, { program: 'valgrind', package: 'valgrind' }],
    run: async (context) =>
      fromTool(await context.exec(process.execPath, ['dist-test/bench/regress/main.js']), 1),
  },
  {
    name: 'clang-tidy',
    about: 'clang-tidy-19 over every native source',
    level: 'ci',
    budgetMinutes: 6,
    needs: [...clangNeeds, { program: 'clang-tidy-19', package: 'clang-tidy-19' }],
    run: runClangTidy,
  },
  {
    name: 'asan',
    about: 'test/native under the address, leak and undefined-behaviour sanitizers',
    level: 'ci',
    budgetMinutes: 6,
    maySkip: true,
    needs: sanitizerNeeds,
    run: (context) => runGoogleTests(context, 'asan', sanitizerEnv()),
  },
  {
    name: 'asan-simulation',
    about: 'test/simulation under the same sanitizers, 60 seeds',
    level: 'ci',
    budgetMinutes: 3,
    needs: sanitizerNeeds,
    run: (context) => runSimulation(context, 'asan', 60, sanitizerEnv()),
  },
  {
    name: 'asan-addon',
    about: 'test/contract and test/integration with the addon of the address sanitizer',
    level: 'ci',
    budgetMinutes: 6,
    after: ['build', 'asan'],
    maySkip: true,
    needs: sanitizerNeeds,
    run: async (context) =>
      runNodeTests(context, addonTests(), { jobs: 2, env: await asanAddonEnv(context) }),
  },
  {
    name: 'tsan',
    about: 'test/native under the thread sanitizer',
    level: 'ci',
    budgetMinutes: 6,
    maySkip: true,
    needs: sanitizerNeeds,
    run: (context) => runGoogleTests(context, 'tsan', sanitizerEnv()),
  },
  {
    name: 'fuzz',
    about: 'every fuzzer for 20 seconds',
    level: 'ci',
    budgetMinutes: 3,
    after: ['build'],
    needs: fuzzNeeds,
    run: (context) => runFuzzers(context, 20),
  },
  {
    name: 'package',
    about: 'test/package: the prebuilt addon and the tarball, installed without scripts',
    level: 'ci',
    budgetMinutes: 3,
    after: ['build'],
    needs: cmakeNeeds,
    run: runPackageTests,
  },
  {
    name: 'kubernetes',
    about: 'test/kubernetes: the pod of examples/kubernetes against the schema and this Weft',
    level: 'ci',
    budgetMinutes: 2,
    after: ['build'],
    needs: [{ file: '/usr/lib/python3/dist-packages/pip', package: 'python3-pip' }],
    run: runKubernetesTests,
  },
  {
    name: 'tsan-addon',
    about: 'test/contract and test/integration with the addon of the thread sanitizer',
    level: 'full',
    budgetMinutes: 10,
    after: ['build', 'tsan'],
    maySkip: true,
    needs: sanitizerNeeds,
    run: async (context) =>
      runNodeTests(context, addonTests(), { jobs: 2, env: await tsanAddonEnv(context) }),
  },
  {
    name: 'package-matrix',
    about: 'the same for x64 and arm64, on Node 20, 22, 24 and 26',
    level: 'full',
    budgetMinutes: 10,
    after: ['build'],
    needs: [...cmakeNeeds, ...crossNeeds],
    run: runPackageMatrix,
  },
  {
    name: 'image',
    about: 'test/image: both images, built without a registry and run without rights',
    level: 'full',
    budgetMinutes: 8,
    after: ['build'],
    needs: [
      ...cmakeNeeds,
      { program: 'mmdebstrap', package: 'mmdebstrap' },
      { program: 'buildah', package: 'buildah' },
    ],
    run: runImageTests,
  },
  {
    name: 'node-versions',
    about: 'test/contract and the exit tests on Node 20, 22, 24 and 26',
    level: 'full',
    budgetMinutes: 15,
    after: ['build'],
    run: (context) =>
      runOnNodeVersions(context, [
        ...testsIn('test/contract'),
        ...testsIn('test/integration').filter((path) => /\/exit[\w-]*\.test\.ts$/.test(path)),
      ]),
  },
  {
    name: 'mutations',
    about: 'each patch of test/mutations makes the test that it names fail',
    level: 'full',
    budgetMinutes: 60,
    needs: [...googleTestNeeds, { program: 'patch', package: 'patch' }],
    run: runMutations,
  },
  {
    name: 'soak',
    about: 'chaos for five minutes, requests for ten, and the programs of others with 1 GiB',
    level: 'full',
    budgetMinutes: 20,
    after: ['build'],
    needs: peerNeeds,
    run: (context) =>
      runNodeTests(
        context,
        [
          'test/integration/chaos.test.ts',
          'test/integration/http-soak.test.ts',
          ...testsIn('test/integration/peers'),
        ],
        {
          env: {
            WEFT_CHAOS_SECONDS: '300',
            WEFT_SOAK_SECONDS: '600',
            WEFT_EXAMPLE_MIB: '1024',
            WEFT_EXAMPLE_SECONDS: '5',
          },
        },
      ),
  },
  {
    name: 'fuzz-long',
    about: 'every fuzzer for five minutes',
    level: 'full',
    budgetMinutes: 60,
    after: ['build'],
    needs: fuzzNeeds,
    run: (context) => runFuzzers(context, 300),
  },
];

/** @param {string} path */
function isTopLevel(path) {
  return path.split('/').length === 2;
}
