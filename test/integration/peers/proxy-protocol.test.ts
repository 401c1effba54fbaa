// HAProxy and nginx in front of Weft and behind it, both versions of the PROXY protocol: each understands the other,
// and what the client's address was is known at the end.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Protocol, ProxyProtocolVersion } from '../../../lib/config/user-config.ts';
import { Backend, Client, freePort } from '../../support/tcp.ts';
import { until } from '../../support/until.ts';
import { tempFolder, WeftRun } from '../../support/weft.ts';

const haproxy = '/usr/sbin/haproxy';
const nginx = '/usr/sbin/nginx';
const nginxStream = '/usr/lib/nginx/modules/ngx_stream_module.so';
const children: ChildProcess[] = [];

after(() => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

async function listening(port: number): Promise<void> {
  await until(`port ${port} to listen`, () =>
    Client.connect(port).then(
      (client) => {
        client.close();
        return true;
      },
      () => false,
    ),
  );
}

async function startHaproxy(lines: string, port: number): Promise<void> {
  const file = join(tempFolder(), 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults
  timeout connect 5s
  timeout client 5s
  timeout server 5s
${lines}`,
  );
  children.push(spawn(haproxy, ['-db', '-f', file], { stdio: 'ignore' }));
  await listening(port);
}

async function startNginx(server: string, port: number): Promise<void> {
  const folder = tempFolder();
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `load_module ${nginxStream};
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
stream { ${server} }
`,
  );
  children.push(spawn(nginx, ['-p', folder, '-c', file, '-e', 'stderr'], { stdio: 'ignore' }));
  await listening(port);
}

async function startWeft(
  endpoint: string,
  sent: ProxyProtocolVersion | null,
  accepts: boolean,
  protocol: Protocol = 'detect',
): Promise<{ readonly port: number; readonly weft: WeftRun }> {
  const port = await freePort();
  const proxyProtocol = accepts ? { from: ['127.0.0.1'] } : null;
  const weft = await WeftRun.start({
    workers: 1,
    listeners: [
      { name: 'web', address: `127.0.0.1:${port}`, cluster: 'app', proxyProtocol, protocol },
    ],
    clusters: { app: { endpoints: [endpoint], proxyProtocol: sent } },
    log: { accessLog: true },
  });
  return { port, weft };
}

/** A request, and what comes back until the end. */
async function ask(port: number): Promise<{ readonly own: string; readonly answer: string }> {
  const client = await Client.connect(port);
  const own = `127.0.0.1:${client.socket.localPort}`;
  let answer = '';
  client.socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  client.socket.write('GET / HTTP/1.0\r\n\r\n');
  await client.end();
  client.close();
  return { own, answer };
}

const options = (file: string) => ({ skip: existsSync(file) ? false : `${file} is not there` });

const web = () =>
  Backend.listen((socket) => {
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nhere'));
    // Of one that only looks whether somebody listens.
    socket.once('end', () => socket.end());
  });

for (const [word, extra] of [
  ['send-proxy', ''],
  ['send-proxy-v2', ''],
  ['send-proxy-v2', ' proxy-v2-options crc32c,unique-id'],
] as const) {
  test(`HAProxy in front: ${word}${extra}`, options(haproxy), async () => {
    const backend = await web();
    const { port, weft } = await startWeft(backend.address, null, true);
    const front = await freePort();
    await startHaproxy(
      `listen front
  mode tcp
  unique-id-format %ci-%cp
  bind 127.0.0.1:${front}
  server weft 127.0.0.1:${port} ${word}${extra}
`,
      front,
    );
    const { own, answer } = await ask(front);
    assert.match(answer, /here$/);
    const line = await weft.logged(
      'connection closed',
      (entry) => entry['downstreamAddress'] === own,
    );
    assert.equal(line['closeReason'], 'finished');
    await weft.stop();
    await backend.close();
  });
}

for (const version of ['v1', 'v2'] as const) {
  test(`HAProxy behind: accept-proxy reads ${version}`, options(haproxy), async () => {
    const behind = await freePort();
    await startHaproxy(
      `frontend web
  mode http
  bind 127.0.0.1:${behind} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]"
`,
      behind,
    );
    const { port, weft } = await startWeft(`127.0.0.1:${behind}`, version, false);
    const { own, answer } = await ask(port);
    assert.ok(answer.endsWith(own), answer);
    await weft.stop();
  });
}

test('nginx in front: proxy_protocol on', options(nginxStream), async () => {
  const backend = await web();
  const { port, weft } = await startWeft(backend.address, null, true);
  const front = await freePort();
  await startNginx(
    `server { listen 127.0.0.1:${front}; proxy_pass 127.0.0.1:${port}; proxy_protocol on; }`,
    front,
  );
  const { own, answer } = await ask(front);
  assert.match(answer, /here$/);
  await weft.logged('connection closed', (entry) => entry['downstreamAddress'] === own);
  await weft.stop();
  await backend.close();
});

for (const version of ['v1', 'v2'] as const) {
  test(
    `nginx behind: listen ... proxy_protocol reads ${version}`,
    options(nginxStream),
    async () => {
      const behind = await freePort();
      await startNginx(
        `server { listen 127.0.0.1:${behind} proxy_protocol; return $proxy_protocol_addr:$proxy_protocol_port; }`,
        behind,
      );
      // It answers in plain text, which is no HTTP.
      const { port, weft } = await startWeft(`127.0.0.1:${behind}`, version, false, 'opaque');
      const { own, answer } = await ask(port);
      await weft.stop();
      assert.equal(answer, own);
    },
  );
}
