// openssl and curl ask for names through Weft and meet the server of that name with its certificate: two openssl
// s_server, neither of which knows of Weft.

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, freePort } from '../../support/tcp.ts';
import { until } from '../../support/until.ts';
import { tempFolder, WeftRun } from '../../support/weft.ts';

interface Ran {
  readonly code: number;
  readonly output: string;
}

const folder = tempFolder();
const children: ChildProcess[] = [];
let weft: WeftRun;
let port = 0;

const certificate = (name: string) => join(folder, `${name}.pem`);

/** With a certificate of its own; its address. */
async function serve(name: string, hostname: string): Promise<string> {
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${hostname}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const [keyFile, certFile] = [join(folder, `${name}.key`), certificate(name)];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, ...files, ...names], {
    stdio: 'ignore',
  });
  const own = await freePort();
  const pair = ['-cert', certFile, '-key', keyFile];
  const where = ['-accept', `127.0.0.1:${own}`, '-www', '-alpn', 'h2,http/1.1'];
  children.push(spawn('openssl', ['s_server', ...where, ...pair], { stdio: 'ignore' }));
  await until(`${name} to listen`, () =>
    Client.connect(own).then(
      (client) => {
        client.close();
        return true;
      },
      () => false,
    ),
  );
  return `127.0.0.1:${own}`;
}

function run(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

function sClient(...args: readonly string[]): Promise<Ran> {
  return run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
}

function curl(hostname: string, ...args: readonly string[]): Promise<Ran> {
  const url = `https://${hostname}:${port}/`;
  const where = ['--resolve', `${hostname}:${port}:127.0.0.1`, '--noproxy', '*'];
  return run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', ...where, ...args, url]);
}

before(async () => {
  const api = await serve('api', 'api.example.com');
  const web = await serve('web', '*.example.com');
  port = await freePort();
  weft = await WeftRun.start({
    workers: 2,
    listeners: [
      {
        name: 'tls',
        address: `127.0.0.1:${port}`,
        cluster: 'web',
        protocol: 'tls',
        tlsRoutes: [
          { hostnames: ['*.example.com'], backendRefs: [{ cluster: 'web' }] },
          { hostnames: ['api.example.com'], backendRefs: [{ cluster: 'api' }] },
          { alpn: ['h2'], backendRefs: [{ cluster: 'api' }] },
        ],
      },
    ],
    clusters: { api: { endpoints: [api] }, web: { endpoints: [web] } },
  });
});

after(async () => {
  weft.signal('SIGKILL');
  await weft.ended;
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

for (const version of ['-tls1_3', '-tls1_2']) {
  test(`openssl s_client ${version} meets the server of the name`, async () => {
    const api = await sClient(version, '-servername', 'api.example.com');
    assert.match(api.output, /subject=CN = api\b/);
    const web = await sClient(version, '-servername', 'WWW.example.com');
    assert.match(web.output, /subject=CN = web\b/);
  });

  test(`openssl s_client ${version} is told that a name is nobody's`, async () => {
    for (const asked of [['-servername', 'example.org'], ['-noservername']]) {
      const { code, output } = await sClient(version, ...asked);
      assert.notEqual(code, 0);
      assert.match(output, /alert number 112/);
    }
  });
}

test('the protocol that a client offers leads where its name does not', async () => {
  const { output } = await sClient('-servername', 'example.org', '-alpn', 'h2,http/1.1');
  assert.match(output, /subject=CN = api\b/);
  assert.match(output, /ALPN protocol: h2/);
});

test('curl trusts the server that it meets', async () => {
  const http1 = '--http1.1';
  for (const [hostname, name] of [
    ['api.example.com', 'api'],
    ['a.example.com', 'web'],
  ] as const) {
    assert.deepEqual(await curl(hostname, http1, '--cacert', certificate(name)), {
      code: 0,
      output: '200',
    });
  }
  const { code, output } = await curl('example.org', http1, '-k');
  assert.equal(code, 35, output);
  assert.match(output, /unrecognized name/);
});
