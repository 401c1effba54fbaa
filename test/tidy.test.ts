// The house rules of STYLE.md and ARCHITECTURE.md that a program can check, for both languages. Each
// rule runs over the repository and over a small tree that breaks it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as native from './tidy/native-rules.ts';
import * as script from './tidy/script-rules.ts';
import * as words from './tidy/text-rules.ts';
import { readTree, type Tree } from './tidy/tree.ts';

const root = join(import.meta.dirname, '../..');
const tree = readTree(root);

/** Where a span is made from a pointer and a length, and how often. A new entry needs a reason. */
const unsafeUses: Readonly<Record<string, number>> = {
  'native/codec/byte_scan.cc': 2,
  'native/telemetry/event_ring.cc': 1,
};

/** Where owning types are made, so that nobody else needs `new`. */
const rawMemoryFiles: readonly string[] = ['native/os/object_pool.cc'];

const pointerDocuments = ['ARCHITECTURE.md', 'README.md', 'CONTRIBUTING.md', 'native/README.md'];

type Check = (tree: Tree) => string[];

/** The rule finds nothing in the repository. */
function holds(name: string, check: Check): void {
  test(name, () => {
    assert.deepEqual(check(tree), []);
  });
}

/** The rule tells of a tree that breaks it, and says this about it. */
function tells(name: string, check: Check, wrong: Record<string, string>, says: RegExp): void {
  test(`tells of ${name}`, () => {
    const problems = check(new Map(Object.entries(wrong)));
    assert.deepEqual(
      problems.filter((problem) => !says.test(problem)),
      [],
    );
    assert.equal(problems.length, 1);
  });
}

test('tidy sees the files of both languages', () => {
  assert.ok(native.nativePaths(tree).length >= 50, 'fewer than 50 files in native/');
  assert.ok(script.scriptPaths(tree).length >= 40, 'fewer than 40 files in lib/');
  for (const path of ['package.json', 'test/tidy.test.ts', '.clang-format', 'docs/errors.md']) {
    assert.ok(tree.has(path), `${path} is missing`);
  }
});

describe('native', () => {
  holds('a room includes only rooms below it', native.checkNativeFloors);
  const loop = 'native/os/loop.h';
  tells(
    'an include from above',
    native.checkNativeFloors,
    { [loop]: '#include "proxy/connection.h"\n', 'native/proxy/connection.h': '' },
    /os \(floor 1\) includes native\/proxy\/connection\.h/,
  );
  tells(
    'an include from the same floor',
    native.checkNativeFloors,
    { [loop]: '#include "codec/headers.h"\n', 'native/codec/headers.h': '' },
    /not below it/,
  );
  tells(
    'an include of nothing',
    native.checkNativeFloors,
    { [loop]: '#include "base/nothing.h"\n' },
    /does not exist/,
  );
  tells(
    'a room that is unknown',
    native.checkNativeFloors,
    { 'native/x/a.h': '' },
    /no known room/,
  );

  holds('includes do not go round', native.checkNativeCycles);
  tells(
    'includes that go round',
    native.checkNativeCycles,
    { 'native/os/a.h': '#include "os/b.h"\n', 'native/os/b.h': '#include "os/a.h"\n' },
    /a\.h -> native\/os\/b\.h -> native\/os\/a\.h/,
  );

  holds('Node, OpenSSL and the kernel are known in one room each', native.checkForbiddenIncludes);
  const forbidden: readonly (readonly [string, string])[] = [
    ['native/engine/engine.cc', 'napi.h'],
    ['native/proxy/connection.cc', 'openssl/ssl.h'],
    ['native/proxy/connection.cc', 'sys/epoll.h'],
    ['native/upstream/connector.cc', 'sys/socket.h'],
    ['native/proxy/tcp_session.cc', 'fcntl.h'],
    ['native/base/clock.h', 'unistd.h'],
  ];
  for (const [path, header] of forbidden) {
    const wrong = { [path]: `#include <${header}>\n` };
    tells(`<${header}> in ${path}`, native.checkForbiddenIncludes, wrong, /may see it|only, not/);
  }

  holds('the lists of sources name every file once', native.checkSourceLists);
  const lists = {
    'native/sources.txt': 'base/a.cc\nbase/b.cc\n',
    'native/binding_sources.txt': 'binding/addon.cc\n',
    'native/base/a.cc': '',
    'native/base/b.cc': '',
    'native/binding/addon.cc': '',
  };
  const changedLists: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ['a file in no list', { 'native/base/c.cc': '' }, /in no list/],
    [
      'a list without a file',
      { 'native/sources.txt': 'base/a.cc\nbase/b.cc\nbase/x.cc\n' },
      /exist/,
    ],
    ['a list that is not sorted', { 'native/sources.txt': 'base/b.cc\nbase/a.cc\n' }, /not sorted/],
    [
      'a list with a line twice',
      { 'native/sources.txt': 'base/a.cc\nbase/a.cc\nbase/b.cc\n' },
      /twice/,
    ],
  ];
  for (const [name, change, says] of changedLists) {
    tells(name, native.checkSourceLists, { ...lists, ...change }, says);
  }

  holds('every header is included by somebody', native.checkDeadHeaders);
  tells(
    'a header that only its own file includes',
    native.checkDeadHeaders,
    {
      'native/base/dead.h': '',
      'native/base/used.h': '',
      'native/base/a.cc': '#include "base/used.h"',
    },
    /dead\.h: no file/,
  );

  holds('headers guard themselves', native.checkPragmaOnce);
  tells('a header without a guard', native.checkPragmaOnce, { 'native/base/a.h': '' }, /pragma/);

  holds('unsafe spans are listed and counted', (files) => native.checkUnsafe(files, unsafeUses));
  tells(
    'an unsafe span that is not listed',
    (files) => native.checkUnsafe(files, {}),
    { 'native/codec/a.cc': 'WEFT_UNSAFE_BEGIN("why")\nWEFT_UNSAFE_END\n' },
    /list in tidy says 0/,
  );
  tells(
    'an unsafe span that does not end',
    (files) => native.checkUnsafe(files, { 'native/codec/a.cc': 1 }),
    { 'native/codec/a.cc': 'WEFT_UNSAFE_BEGIN("why")\n' },
    /but 0 _END/,
  );
  tells(
    'a listed file that is gone',
    (files) => native.checkUnsafe(files, { 'native/codec/a.cc': 1 }),
    {},
    /not there/,
  );

  holds('memory has an owner', (files) => native.checkRawMemory(files, rawMemoryFiles));
  for (const line of [
    'auto* x = new Thing();',
    'delete x;',
    'delete[] x;',
    'void* p = malloc(8);',
  ]) {
    const wrong = { 'native/codec/a.cc': `  ${line}\n` };
    tells(`raw memory: ${line}`, (files) => native.checkRawMemory(files, []), wrong, /raw memory/);
  }
});

describe('lib', () => {
  holds('a room imports only rooms below it', script.checkScriptFloors);
  tells(
    'an import from above',
    script.checkScriptFloors,
    { 'lib/base/log.ts': "import { run } from '../app/proxy.ts';\n", 'lib/app/proxy.ts': '' },
    /base \(floor 0\) imports lib\/app/,
  );
  tells(
    'a type from the same floor',
    script.checkScriptFloors,
    {
      'lib/admin/server.ts': "import type { A } from '../control/compile.ts';\n",
      'lib/control/compile.ts': '',
    },
    /not below it/,
  );

  holds('imports do not go round', script.checkScriptCycles);
  tells(
    'imports that go round, one of them lazy',
    script.checkScriptCycles,
    {
      'lib/base/a.ts': "import { b } from './b.ts';\n",
      'lib/base/b.ts': "const a = await import('./a.ts');\n",
    },
    /go round/,
  );

  holds('every file is reached from an entry', script.checkDeadScripts);
  tells(
    'a file that nothing imports',
    script.checkDeadScripts,
    { 'lib/index.ts': '', 'lib/cli/main.ts': '', 'lib/base/dead.ts': '' },
    /dead\.ts: not reached/,
  );

  holds('nothing but lib/index.ts only re-exports', script.checkBarrels);
  const door = { 'lib/index.ts': "export { a } from './base/a.ts';\n" };
  const barrel = "// All.\nexport * from './a.ts';\nexport type { B } from './b.ts';\n";
  tells('a barrel', script.checkBarrels, { ...door, 'lib/base/all.ts': barrel }, /all\.ts: only/);
  tells('code in the door', script.checkBarrels, { 'lib/index.ts': 'run();\n' }, /holds more/);

  holds('modules with one door are imported there', script.checkRestrictedImports);
  tells(
    'an addon loaded by the side door',
    script.checkRestrictedImports,
    { 'lib/cli/main.ts': "import load from 'node-gyp-build';\n" },
    /one door/,
  );
});

describe('text', () => {
  holds('no leftover marker', words.checkMarkers);
  tells(
    'a leftover marker',
    words.checkMarkers,
    { 'lib/a.ts': '// TODO: later\n' },
    /a\.ts:1: TODO/,
  );

  holds('no path of one machine', words.checkMachinePaths);
  tells(
    'a path of one machine',
    words.checkMachinePaths,
    { 'a.md': 'see /home/me/x\n' },
    /home\/me/,
  );

  holds('pointers lead somewhere', (files) => words.checkPointers(files, pointerDocuments));
  tells(
    'a pointer to nothing',
    (files) => words.checkPointers(files, ['ARCHITECTURE.md']),
    { 'ARCHITECTURE.md': 'Read `native/os/loop`, then `native/os/no`.\n', 'native/os/loop.h': '' },
    /native\/os\/no` does not exist/,
  );

  holds('links lead somewhere', words.checkLinks);
  tells(
    'a link to nothing',
    words.checkLinks,
    { 'docs/a.md': '[x](./gone.md)\n' },
    /gone\.md leads/,
  );

  holds('every room has a README', words.checkRoomReadmes);
  tells('a room without a README', words.checkRoomReadmes, { 'native/os/loop.h': '' }, /no README/);

  holds('a file says first what it is', words.checkHeaderComments);
  tells(
    'a file that does not say what it is',
    words.checkHeaderComments,
    { 'lib/base/a.ts': 'export const a = 1;\n' },
    /does not begin/,
  );
});

describe('sizes', () => {
  test('no function of native/ or lib/ is longer than 70 lines', (t) => {
    const sizes = words.functionSizes(tree);
    assert.ok(sizes.length >= 100, 'fewer than 100 functions seen');
    for (const { what, lines } of sizes.slice(0, 5)) t.diagnostic(`${lines} lines: ${what}`);
    assert.deepEqual(
      sizes.filter(({ lines }) => lines > 72),
      [],
    );
  });

  test('a function of 80 lines is seen', () => {
    const body = '  use();\n'.repeat(78);
    const long = new Map([['native/os/a.cc', `void f(int a) {\n${body}}\n`]]);
    assert.deepEqual(words.functionSizes(long), [{ what: 'native/os/a.cc f', lines: 80 }]);
  });

  test('the longest files are printed', (t) => {
    const sizes = words.fileSizes(tree);
    assert.notEqual(sizes.length, 0);
    for (const { what, lines } of sizes.slice(0, 8)) t.diagnostic(`${lines} lines: ${what}`);
  });
});
