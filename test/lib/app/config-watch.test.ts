import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { ConfigWatch } from '../../../lib/app/config-watch.ts';
import { systemClock } from '../../../lib/base/clock.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';

const quietMs = 20;
const cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) {
    cleanUp();
  }
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'weft-watch-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Watches, and gives a promise of the next change. */
function watching(path: string): () => Promise<void> {
  let resolve: () => void = () => undefined;
  let changed = new Promise<void>((done) => {
    resolve = done;
  });
  const watcher = new ConfigWatch({
    path,
    clock: systemClock,
    quietMs,
    onChange: () => resolve(),
    onError: assert.ifError,
  });
  watcher.start();
  cleanUps.push(() => watcher.stop());
  return async () => {
    await changed;
    changed = new Promise<void>((done) => {
      resolve = done;
    });
  };
}

// The watch does not keep the process alive; a test that waits does.
const alive = setInterval(() => undefined, 1_000);
test.after(() => clearInterval(alive));

test('writing the file is a change', async () => {
  const path = join(folder(), 'weft.config.json');
  writeFileSync(path, '{}');
  const change = watching(path);
  writeFileSync(path, '{ }');
  await change();
});

test('a file that is renamed over it is a change, each time', async () => {
  const at = folder();
  const path = join(at, 'weft.config.json');
  writeFileSync(path, '{}');
  const change = watching(path);
  for (let count = 0; count < 3; count++) {
    writeFileSync(join(at, 'next~'), `{ "count": ${count} }`);
    renameSync(join(at, 'next~'), path);
    await change();
  }
});

test('a ConfigMap that Kubernetes swaps is a change, each time', async () => {
  const at = folder();
  const swap = (version: string): void => {
    mkdirSync(join(at, `..${version}`));
    writeFileSync(join(at, `..${version}`, 'weft.config.ts'), version);
    symlinkSync(`..${version}`, join(at, '..data_tmp'));
    renameSync(join(at, '..data_tmp'), join(at, '..data'));
  };
  swap('v1');
  symlinkSync('..data/weft.config.ts', join(at, 'weft.config.ts'));
  const change = watching(join(at, 'weft.config.ts'));
  swap('v2');
  await change();
  rmSync(join(at, '..v1'), { recursive: true });
  swap('v3');
  await change();
});

test('a file that a link leads to is watched where it is', async () => {
  const [at, elsewhere] = [folder(), folder()];
  writeFileSync(join(elsewhere, 'real.json'), '{}');
  symlinkSync(join(elsewhere, 'real.json'), join(at, 'weft.config.json'));
  const change = watching(join(at, 'weft.config.json'));
  writeFileSync(join(elsewhere, 'real.json'), '{ }');
  await change();
});

test('a file of another kind beside it is no change', async () => {
  const at = folder();
  const path = join(at, 'weft.config.json');
  writeFileSync(path, '{}');
  const clock = new ManualClock();
  const options = { path, clock, quietMs, onChange: assert.fail, onError: assert.ifError };
  const watcher = new ConfigWatch(options);
  watcher.start();
  cleanUps.push(() => watcher.stop());
  await noticed(at, 'access.log');
  assert.equal(clock.timerCount, 0);
  await noticed(at, 'weft.config.json');
  assert.equal(clock.timerCount, 1);
});

/** Writes a file, and waits until every watch of the folder has heard of it. */
async function noticed(at: string, name: string): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const watcher = watch(at, (_event, seen) => {
      if (seen === name) {
        watcher.close();
        resolve();
      }
    });
  });
  writeFileSync(join(at, name), 'x');
  await heard;
  await settle();
}
