// Clients and servers of HTTP/1.1 that others wrote, through Weft, as examples/http/run.sh runs them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../support/weft.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
const has = (program: string): boolean =>
  folders.some((folder) => existsSync(join(folder, program)));
const python = (library: string): boolean =>
  existsSync(`/usr/lib/python3/dist-packages/${library}`);

const clients = [
  ['curl', has('curl')],
  ['wget', has('wget')],
  ['ab', has('ab')],
  ['wrk', has('wrk')],
  ['requests', python('requests')],
  ['httpx', python('httpx')],
  ['aiohttp', python('aiohttp')],
  ['node', true],
  ['go', has('go')],
  ['chromium', has('chromium')],
] as const;

const servers = has('nginx') && has('apache2');

for (const [client, isThere] of clients) {
  test(`${client} between nginx, Apache and applications`, (t) => {
    if (!servers || !isThere) {
      t.skip(
        `needs nginx, apache2 and ${client}; scripts/setup-debian.sh installs what is missing`,
      );
      return;
    }
    const { status, stdout, stderr } = spawnSync(join(root, 'examples/http/run.sh'), [client], {
      encoding: 'utf8',
      env: { ...process.env, WEFT_TEST_NO_INSTALL: '1' },
      timeout: 300_000,
    });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^2 passed, 0 failed$/m);
  });
}
