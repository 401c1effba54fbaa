import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../../lib/base/errors.ts';
import { type LoadOptions, loadConfig } from '../../../lib/config/load.ts';
import { runConfigFile } from '../../../lib/config/loader/run-child.ts';
import { repoRoot, temporaryFolder } from './support.ts';

const body = `{
  listeners: [{ address: '127.0.0.1:8080', cluster: 'web' }],
  clusters: { web: { endpoints: ['10.0.0.5:80'] } },
}`;
const withWeft = `import { defineConfig } from 'weft';\nexport default defineConfig(${body});\n`;
const json = JSON.stringify({
  listeners: [{ address: '127.0.0.1:8080', cluster: 'web' }],
  clusters: { web: { endpoints: ['10.0.0.5:80'] } },
});
const yaml = `listeners:
  - address: 127.0.0.1:8080
    cluster: web
clusters:
  web:
    endpoints:
      - 10.0.0.5:80
`;

async function load(cwd: string, options: LoadOptions = {}) {
  return await loadConfig({ cwd, env: {}, ...options });
}

async function failure(cwd: string, options: LoadOptions = {}): Promise<ConfigError> {
  try {
    await load(cwd, options);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail('the configuration was loaded');
}

/** The code and the place (or subject) of what goes wrong with one file. */
async function placeOf(name: string, text: string): Promise<string> {
  const cwd = temporaryFolder({ [name]: text });
  const error = await failure(cwd, { file: name });
  assert.ok(!error.message.includes('\n'), `one sentence: ${error.message}`);
  return `${error.code} ${error.path}`;
}

test('every kind of file is read, outside of the package and with nothing beside it', async () => {
  const texts = {
    ts: withWeft,
    mts: withWeft,
    js: withWeft,
    mjs: withWeft,
    json,
    yaml,
    yml: yaml,
  };
  for (const [extension, text] of Object.entries(texts)) {
    const name = `weft.config.${extension}`;
    const cwd = temporaryFolder({ [name]: text });
    chmodSync(cwd, 0o555);
    const { config, file, watchFiles } = await load(cwd);
    assert.equal(config.clusters[0]?.endpoints[0]?.address, '10.0.0.5:80', name);
    assert.equal(file, join(cwd, name));
    assert.deepEqual(watchFiles, [file]);
    assert.deepEqual(readdirSync(cwd), [name], 'nothing is written beside it');
  }
});

test('types, enums, imports without extension and top-level await are read on every Node', async () => {
  const cwd = temporaryFolder({
    'weft.config.ts': `
      import { type UserConfig, defineConfig } from 'weft';
      import { endpoints } from './endpoints';
      enum Port { Web = 8080 }
      const address: string = await Promise.resolve(\`127.0.0.1:\${Port.Web}\`);
      export default defineConfig({
        listeners: [{ address, cluster: 'web' }],
        clusters: { web: { endpoints } },
      } satisfies UserConfig);`,
    'endpoints.ts': "export const endpoints: string[] = ['10.0.0.7:80'];",
  });
  const { config, watchFiles } = await load(cwd);
  assert.equal(config.listeners[0]?.address, '127.0.0.1:8080');
  assert.deepEqual(
    [...watchFiles].sort(),
    ['endpoints.ts', 'weft.config.ts'].map((name) => join(cwd, name)),
  );
});

test('the type of the nearest package.json does not matter', async () => {
  for (const type of ['module', 'commonjs']) {
    for (const extension of ['ts', 'js']) {
      const name = `weft.config.${extension}`;
      const cwd = temporaryFolder({ [name]: withWeft, 'package.json': JSON.stringify({ type }) });
      assert.equal((await load(cwd)).config.clusters.length, 1, `${type} ${extension}`);
    }
  }
});

test('CommonJS is read, with require and with a compiled default export', async () => {
  const required = `const { defineConfig } = require('weft');\nmodule.exports = defineConfig(${body});`;
  const compiled = `Object.defineProperty(exports, '__esModule', { value: true });\nexports.default = ${body};`;
  for (const text of [required, compiled]) {
    const cwd = temporaryFolder({ 'weft.config.js': text });
    assert.equal((await load(cwd)).config.clusters.length, 1);
  }
});

test('an import named like ours is not ours', async () => {
  const text = "import { x } from 'weft-tools';\nexport default x;";
  assert.equal(await placeOf('weft.config.mjs', text), 'ERR_CONFIG_THREW weft.config.mjs');
});

test('a function is called, and awaited', async () => {
  for (const head of ['() => (', 'async () => (']) {
    const cwd = temporaryFolder({ 'weft.config.mjs': `export default ${head}${body});` });
    assert.equal((await load(cwd)).config.clusters.length, 1);
  }
});

test('each load sees changes of the file and of what it imports', async () => {
  const cwd = temporaryFolder({
    'weft.config.ts': `
      import { endpoint } from './deep/one.ts';
      export default { listeners: [{ address: '127.0.0.1:1', cluster: 'web' }], clusters: { web: { endpoints: [endpoint] } } };`,
    'deep/one.ts': "export { endpoint } from './two.ts';",
    'deep/two.ts': "export const endpoint: string = '10.0.0.1:80';",
  });
  const endpoint = async () => (await load(cwd)).config.clusters[0]?.endpoints[0]?.address;
  assert.equal(await endpoint(), '10.0.0.1:80');
  writeFileSync(join(cwd, 'deep/two.ts'), "export const endpoint: string = '10.0.0.2:80';");
  assert.equal(await endpoint(), '10.0.0.2:80');
  assert.equal((await load(cwd)).watchFiles.length, 3);
});

test('the first file in the documented order is taken, unless one is named', async () => {
  const at = (port: number) => json.replace('8080', String(port));
  const cwd = temporaryFolder({
    'weft.config.json': at(1),
    'weft.config.yaml': at(2),
    'other.json': at(3),
    'third.json': at(4),
  });
  const address = async (options: LoadOptions) =>
    (await load(cwd, options)).config.listeners[0]?.address;
  assert.equal(await address({}), '127.0.0.1:1');
  assert.equal(await address({ file: 'other.json' }), '127.0.0.1:3');
  assert.equal(await address({ file: join(cwd, 'other.json') }), '127.0.0.1:3');
  assert.equal(await address({ env: { WEFT_CONFIG: 'third.json' } }), '127.0.0.1:4');
  assert.equal(await address({ file: 'other.json', env: { WEFT_CONFIG: 'x' } }), '127.0.0.1:3');
});

test('variables and flags are laid over the file', async () => {
  const cwd = temporaryFolder({ 'weft.config.json': json });
  const env = { WEFT_WORKERS: '2', WEFT_LOG_LEVEL: 'debug' };
  const { config } = await load(cwd, { env, flags: { workers: '3' } });
  assert.deepEqual([config.workerCount, config.log.level], [3, 'debug']);
  const error = await failure(cwd, { env: { WEFT_WORKERS: 'two' } });
  assert.deepEqual(
    error.issues.map(({ path }) => path),
    ['WEFT_WORKERS'],
  );
});

test('a file that is not there, or not a file, is told', async () => {
  const cwd = temporaryFolder({ 'weft.config.toml': '' });
  mkdirSync(join(cwd, 'folder.json'));
  symlinkSync('loop.json', join(cwd, 'loop.json'));
  assert.equal((await failure(cwd)).code, 'ERR_CONFIG_NOT_FOUND');
  const code = async (file: string) => (await failure(cwd, { file })).code;
  assert.equal(await code('nowhere.ts'), 'ERR_CONFIG_NOT_FOUND');
  assert.equal(await code('weft.config.toml/x.ts'), 'ERR_CONFIG_NOT_FOUND');
  assert.equal(await code('folder.json'), 'ERR_CONFIG_UNREADABLE');
  assert.equal(await code('.'), 'ERR_CONFIG_UNREADABLE');
  assert.equal(await code('loop.json'), 'ERR_CONFIG_UNREADABLE');
  assert.equal(await code('weft.config.toml'), 'ERR_CONFIG_UNREADABLE');
  assert.equal(await code('/dev/null'), 'ERR_CONFIG_UNREADABLE');
});

test('a syntax error is told with file, line and column', async () => {
  const script = 'export default {\n  a: 1,,\n};\n';
  const typed = 'const one: number = 1;\nexport default {\n  a: one,,\n};\n';
  assert.match(
    await placeOf('weft.config.ts', typed),
    /^ERR_CONFIG_SYNTAX weft\.config\.ts:3:\d+$/,
  );
  assert.match(
    await placeOf('weft.config.mts', typed),
    /^ERR_CONFIG_SYNTAX weft\.config\.mts:3:\d+$/,
  );
  assert.equal(await placeOf('weft.config.js', script), 'ERR_CONFIG_SYNTAX weft.config.js:2:7');
  assert.equal(await placeOf('weft.config.mjs', script), 'ERR_CONFIG_SYNTAX weft.config.mjs:2:7');
  assert.match(
    await placeOf('weft.config.yaml', 'listeners:\n  - a: [1\nb: 2\n'),
    /^ERR_CONFIG_SYNTAX weft\.config\.yaml:3:\d+$/,
  );
  for (const [text, place] of [
    ['{\n  "a": 1,\n}', '3:1'],
    ['{\n  "a": 1 // x\n}', '2:10'],
    ['{ "a": tru }', '1:11'],
    ['{ "a": -x }', '1:9'],
    ['{ "a": 1.x }', '1:10'],
    ['{ "a": "b\n" }', '1:10'],
    ['{\n  "a": 1\n', '3:1'],
    ["{ 'a': 1 }", '1:3'],
    ['', '1:1'],
  ] as const) {
    assert.equal(
      await placeOf('weft.config.json', text),
      `ERR_CONFIG_SYNTAX weft.config.json:${place}`,
    );
  }
});

test('a syntax error in an imported file is told at that file', async () => {
  const cwd = temporaryFolder({
    'weft.config.mjs': "import x from './other.mjs';\nexport default x;",
    'other.mjs': 'export default {\n  a: 1,,\n};\n',
  });
  assert.equal((await failure(cwd)).path, 'other.mjs:2:7');
});

test('a byte order mark before JSON is no error', async () => {
  const cwd = temporaryFolder({ 'weft.config.json': `\uFEFF${json}` });
  assert.equal((await load(cwd)).config.clusters.length, 1);
});

test('what the file throws is told with its place', async () => {
  const thrown = 'function make() {\n  throw new Error("no secret");\n}\nexport default make();\n';
  assert.equal(await placeOf('weft.config.mjs', thrown), 'ERR_CONFIG_THREW weft.config.mjs:2:9');
  assert.match(
    await placeOf('weft.config.ts', thrown),
    /^ERR_CONFIG_THREW weft\.config\.ts:2:\d+$/,
  );
  const late = 'export default async () => {\n  throw new Error("late");\n};';
  assert.equal(await placeOf('weft.config.mjs', late), 'ERR_CONFIG_THREW weft.config.mjs:2:9');
  const parsed = 'export default JSON.parse("{x");';
  assert.match(await placeOf('weft.config.mjs', parsed), /^ERR_CONFIG_THREW weft\.config\.mjs:1:/);
  assert.equal(
    await placeOf('weft.config.mjs', "throw 'text';"),
    'ERR_CONFIG_THREW weft.config.mjs',
  );
  const callback = `setTimeout(() => {\n  throw new Error('x');\n});\nawait new Promise(() => undefined);`;
  assert.match(
    await placeOf('weft.config.mjs', callback),
    /^ERR_CONFIG_THREW weft\.config\.mjs:2:/,
  );
});

test('a missing import is told with the file that wants it', async () => {
  const text = "import x from './nowhere.js';\nexport default x;";
  for (const extension of ['ts', 'mjs']) {
    const name = `weft.config.${extension}`;
    assert.equal(await placeOf(name, text), `ERR_CONFIG_THREW ${name}`);
  }
  const named = "import { nothing } from 'weft';\nexport default nothing;";
  assert.match(await placeOf('weft.config.mjs', named), /^ERR_CONFIG_SYNTAX weft\.config\.mjs:1:/);
});

test('a file without a default export is told', async () => {
  for (const text of ['export const config = {};', '']) {
    assert.equal(await placeOf('weft.config.mjs', text), 'ERR_CONFIG_EXPORT weft.config.mjs');
  }
  assert.equal(
    await placeOf('weft.config.ts', 'export const a: number = 1;'),
    'ERR_CONFIG_EXPORT weft.config.ts',
  );
});

test('a default export that is no configuration is told', async () => {
  for (const value of ['undefined', 'null', '5', "'text'", '[]', 'async () => {}']) {
    const cwd = temporaryFolder({ 'weft.config.mjs': `export default ${value};` });
    const { issues } = await failure(cwd);
    assert.deepEqual(
      issues.map(({ code }) => code),
      ['wrong-type'],
      value,
    );
  }
});

test('what is not data is told with its path, once', async () => {
  const text = `
    const self = {}; self.self = self;
    export default {
      listeners: [{ address: () => '127.0.0.1:1', cluster: Symbol('web') }],
      clusters: new Map(),
      limits: self,
      workers: 2n,
    };`;
  const { issues } = await failure(temporaryFolder({ 'weft.config.mjs': text }));
  assert.deepEqual(issues.map(({ code, path }) => `${code} ${path}`).sort(), [
    'not-data clusters',
    'not-data limits.self',
    'not-data listeners[0].address',
    'not-data listeners[0].cluster',
    'not-data workers',
  ]);
});

test('a file that ends its process is told, and this process goes on', async () => {
  const text = 'process.exit(3);';
  assert.equal(await placeOf('weft.config.mjs', text), 'ERR_CONFIG_THREW weft.config.mjs');
  const killed = "process.kill(process.pid, 'SIGKILL'); await new Promise(() => undefined);";
  assert.equal(await placeOf('weft.config.mjs', killed), 'ERR_CONFIG_THREW weft.config.mjs');
});

test('what a file leaves open keeps nobody waiting', async () => {
  const text = `setInterval(() => undefined, 1000);\nexport default ${body};`;
  const cwd = temporaryFolder({ 'weft.config.mjs': text });
  assert.equal((await load(cwd)).config.clusters.length, 1);
});

test('a file that never ends is given up, whether it loops or waits', async () => {
  const waits = 'setInterval(() => undefined, 1000); await new Promise(() => undefined);';
  for (const text of ['for (;;) {}', waits]) {
    const cwd = temporaryFolder({ 'weft.config.mjs': text });
    await assert.rejects(
      runConfigFile(join(cwd, 'weft.config.mjs'), (path) => path, 300),
      { code: 'ERR_CONFIG_TIMEOUT' },
    );
  }
});

test('each file in examples/ is valid', async () => {
  const examples = join(repoRoot, 'examples');
  const names = readdirSync(examples, { recursive: true })
    .map(String)
    .filter((name) => /\.config\.\w+$/.test(name));
  assert.ok(names.length >= 4, `${names.length} examples`);
  for (const name of names) {
    const { config } = await load(examples, { file: name });
    assert.ok(config.listeners.length > 0, name);
  }
});
