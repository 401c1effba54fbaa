import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { EngineError } from '../../../lib/base/errors.ts';
import { loadAddon } from '../../../lib/engine/load-addon.ts';
import { tempFolder } from '../../support/weft.ts';

afterEach(() => {
  mock.reset();
  delete process.env['WEFT_PREBUILD'];
});

/** What is said in a package that holds no addon. */
function failure(): EngineError {
  process.env['WEFT_PREBUILD'] = tempFolder();
  try {
    loadAddon();
  } catch (error) {
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, 'ERR_ADDON_MISSING');
    return error;
  }
  assert.fail('it was loaded');
}

test('where there is no addon the message says how to make one', () => {
  assert.match(failure().message, /could not be loaded .*'npm run build:native'/);
});

test('on musl the message says that glibc is needed, and where it is', () => {
  const report = process.report.getReport() as { header: object };
  const { glibcVersionRuntime: _version, ...header } = report.header as Record<string, unknown>;
  mock.method(process.report, 'getReport', () => ({ ...report, header }));
  assert.match(failure().message, /needs glibc, and this node runs on musl .*Debian/);
});
