// The package as npm carries it: what is in it, and that it runs where nothing can be compiled. Installed without
// scripts into an empty folder, on each node that the runner names (scripts/testing/packages.mjs).

import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { root, tempFolder } from '../support/weft.ts';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const kib = 1_024;
const archs = (process.env['WEFT_PREBUILD_ARCHS'] ?? process.arch).split(',');
const nodes = (process.env['WEFT_TEST_NODES'] ?? process.execPath).split(delimiter);
const folder = tempFolder();
let packed: Packed;
let paths: readonly string[] = [];

before(() => {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const [entry] = Object.values(JSON.parse(stdout) as readonly Packed[]);
  assert.ok(entry);
  packed = entry;
  paths = packed.files.map(({ path }) => path);
});

test('the package holds what runs, and what compiles where no prebuilt addon fits', () => {
  const sources = ['sources.txt', 'binding_sources.txt'].flatMap((list) =>
    readFileSync(join(root, 'native', list), 'utf8')
      .trim()
      .split('\n'),
  );
  const wanted = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'dist/cli/main.js',
    'dist/index.js',
    'dist/index.d.ts',
    'binding.gyp',
    'scripts/install.mjs',
    'native/exports.map',
    ...sources.map((path) => `native/${path}`),
    ...archs.map((arch) => `prebuilds/linux-${arch}/weft.glibc.node`),
  ];
  assert.deepEqual(
    wanted.filter((path) => !paths.includes(path)),
    [],
  );
});

test('the package holds nothing else', () => {
  const kinds = [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|binding\.gyp|scripts\/install\.mjs)$/,
    /^dist\/.+\.(js|d\.ts)$/,
    /^native\/([\w-]+\/)?[\w-]+\.(cc|h|md|txt|map|gypi)$/,
    /^prebuilds\/linux-(x64|arm64)\/weft\.glibc\.node$/,
  ];
  assert.deepEqual(
    paths.filter((path) => !kinds.some((kind) => kind.test(path))),
    [],
  );
});

test('every module in dist/ has a source, so that none is left from an earlier build', () => {
  const modules = paths.filter((path) => /^dist\/.+\.js$/.test(path));
  assert.deepEqual(
    modules.filter((path) => {
      return !existsSync(join(root, path.replace(/^dist/, 'lib').replace(/\.js$/, '.ts')));
    }),
    [],
  );
});

test('the package is small', () => {
  assert.ok(packed.size < 1_000 * kib, `${packed.size} bytes packed`);
  assert.ok(packed.unpackedSize < 3_000 * kib, `${packed.unpackedSize} bytes unpacked`);
});

/** A folder with the package in it, and the commands of one node to run there. */
class Installed {
  readonly folder = tempFolder();
  readonly #env: NodeJS.ProcessEnv;

  constructor(node: string) {
    // Neither the addon of the clone nor one of a sanitizer may be what runs.
    const { WEFT_PREBUILD: _addon, LD_PRELOAD: _runtime, ...env } = process.env;
    this.#env = { ...env, PATH: `${dirname(node)}${delimiter}${env['PATH']}`, NO_COLOR: '1' };
    writeFileSync(join(this.folder, 'package.json'), '{"private":true}');
    const { status, stderr } = this.run('npm', 'install', '--ignore-scripts', this.#tarball());
    assert.equal(status, 0, stderr);
  }

  run(command: string, ...args: string[]): SpawnSyncReturns<string> {
    const options = {
      cwd: this.folder,
      env: this.#env,
      encoding: 'utf8',
      timeout: 120_000,
    } as const;
    return spawnSync(command, args, options);
  }

  /** What the command printed; it has to end with 0. */
  weft(...args: string[]): string {
    const { status, stdout, stderr } = this.run('npx', '--no-install', 'weft', ...args);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  #tarball(): string {
    return join(folder, packed.filename);
  }
}

for (const node of nodes) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();

  test(`on Node ${version} it installs without scripts, loads the prebuilt addon and runs the demo`, (t) => {
    const installed = new Installed(node);
    const facts = JSON.parse(installed.weft('version', '--json'));
    assert.equal(`v${facts.node}`, version);
    assert.match(facts.addon.build, /^g\+\+ /, 'the addon was loaded');
    assert.ok(
      !existsSync(join(installed.folder, 'node_modules/weft/build')),
      'nothing was compiled',
    );
    const report = JSON.parse(installed.weft('demo', '--seconds', '2', '--json'));
    t.diagnostic(`${version}: ${JSON.stringify(report).slice(0, 200)}`);
  });

  test(`on Node ${version} a configuration in TypeScript finds the installed package`, () => {
    const installed = new Installed(node);
    const file = join(installed.folder, 'weft.config.ts');
    writeFileSync(
      file,
      "import { defineConfig } from 'weft';\n" +
        'const port: number = 8080;\n' +
        'export default defineConfig({\n' +
        "  listeners: [{ address: '127.0.0.1:' + port, cluster: 'web' }],\n" +
        "  clusters: { web: { endpoints: ['127.0.0.1:80'] } },\n" +
        '});\n',
    );
    assert.match(installed.weft('check'), /is valid: 1 listener, 1 cluster, 1 endpoint/);
    const modules = readdirSync(join(installed.folder, 'node_modules'));
    assert.ok(modules.length < 60, `${modules.length} packages were installed`);
  });
}
