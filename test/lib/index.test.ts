import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as weft from '../../lib/index.ts';

/** URLs and paths of all modules that a script loads, as Node's coverage lists them. */
function loadedBy(script: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'weft-loaded-'));
  try {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
      encoding: 'utf8',
    });
    assert.equal(child.status, 0, child.stderr);
    return readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        result: { url: string }[];
      };
      return result.map(({ url }) => url);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const indexUrl = new URL('../../lib/index.js', import.meta.url).href;

test('importing weft loads neither the addon nor any package', () => {
  const loaded = loadedBy(`await import('${indexUrl}')`);
  assert.ok(loaded.includes(indexUrl), 'the list is complete');
  assert.deepEqual(
    loaded.filter((url) => /node_modules|load-addon|\.node$/.test(url)),
    [],
  );
});

test('checking, resolving and explaining load no package either', () => {
  const script = `
    const { checkConfig, explain, resolveConfig } = await import('${indexUrl}');
    const config = { listeners: [{ address: '127.0.0.1:1', cluster: 'a' }], clusters: { a: { endpoints: ['127.0.0.1:2'] } } };
    if (checkConfig(config).length > 0 || checkConfig({}).length === 0) throw new Error('checks nothing');
    explain(config, { url: 'http://a/' });
    resolveConfig(config);`;
  assert.deepEqual(
    loadedBy(script).filter((url) => /node_modules|load-addon/.test(url)),
    [],
  );
});

test('the public door is what the documents promise', () => {
  assert.deepEqual(Object.keys(weft).sort(), [
    'ConfigError',
    'ProxyError',
    'checkConfig',
    'defineConfig',
    'explain',
    'resolveConfig',
  ]);
});

const config: weft.UserConfig = {
  listeners: [{ address: '127.0.0.1:8080', cluster: 'web' }],
  clusters: { web: { endpoints: ['10.0.0.5:80'] } },
};

test('defineConfig returns what it is given, a function too', () => {
  const make = async () => config;
  assert.equal(weft.defineConfig(config), config);
  assert.equal(weft.defineConfig(make), make);
  assert.deepEqual(weft.checkConfig(weft.defineConfig(config)), []);
});

test('the compiler refuses the keys and words that the check refuses', () => {
  const wrong = weft.defineConfig({
    ...config,
    // @ts-expect-error: a log has no such key.
    log: { levle: 'info' },
    // @ts-expect-error: a drain has no such word.
    drain: { listeners: 'closed' },
  });
  assert.deepEqual(
    weft.checkConfig(wrong).map(({ path }) => path),
    ['log.levle', 'drain.listeners'],
  );
});
