// Servers that others wrote, as backends that say how they read each request: its method, its target and its body, in
// a field of the answer. What they refuse they answer in their own way.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { killWithUs } from './kill-with-us.ts';
import { freePort, isRefused } from './tcp.ts';
import { until } from './until.ts';
import { tempFolder } from './weft.ts';

export const readerPrograms = {
  HAProxy: '/usr/sbin/haproxy',
  nginx: '/usr/sbin/nginx',
  Apache: '/usr/sbin/apache2',
} as const;

export type ReaderName = keyof typeof readerPrograms | 'Node';

export interface Reader {
  readonly name: ReaderName;
  /** As the program says it: 'nginx/1.22.1'. */
  readonly version: string;
  readonly port: number;
  stop(): void;
}

export const lackingReaders: readonly string[] = Object.values(readerPrograms).filter(
  (path) => !existsSync(path),
);

const hex = (text: string | undefined): string => Buffer.from(text ?? '', 'latin1').toString('hex');

async function listening(port: number, what: string): Promise<void> {
  await until(`${what} to listen`, async () => !(await isRefused(port)));
}

/** 'HAProxy version 2.6.12-1+deb12u4 2026/10/17' has one number that counts. */
function versionOf(program: string): string {
  const { stdout, stderr } = spawnSync(program, ['-v'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}

interface Program {
  readonly name: keyof typeof readerPrograms;
  readonly port: number;
  readonly args: readonly string[];
}

async function started({ name, port, args }: Program): Promise<Reader> {
  const child: ChildProcess = killWithUs(
    spawn(readerPrograms[name], args, { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  await listening(port, name);
  return {
    name,
    version: versionOf(readerPrograms[name]),
    port,
    stop: () => {
      child.kill('SIGKILL');
    },
  };
}

async function startHaproxy(): Promise<Reader> {
  const port = await freePort();
  const file = join(tempFolder(), 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults
  mode http
  timeout client 10s
  timeout http-request 10s
  option http-buffer-request
frontend web
  bind 127.0.0.1:${port}
  http-request return status 200 hdr X-Read "%[method] %[url,hex] %[req.body,hex]"
`,
  );
  return started({ name: 'HAProxy', port, args: ['-db', '-f', file] });
}

/** `sink` is told by nginx what it read, and answers for it. */
async function startNginx(sink: number): Promise<Reader> {
  const port = await freePort();
  const folder = tempFolder();
  const file = join(folder, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off; ${temp}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${sink}/;
      proxy_method POST;
      proxy_pass_request_headers off;
      proxy_set_header X-Method $request_method;
      proxy_set_header X-Target $request_uri;
    }
  }
}
`,
  );
  return started({ name: 'nginx', port, args: ['-p', folder, '-c', file, '-e', 'stderr'] });
}

/** By CGI, because that gets every body, whatever the method and the framing. */
async function startApache(): Promise<Reader> {
  const port = await freePort();
  const folder = tempFolder();
  const script = join(folder, 'read.cgi');
  const file = join(folder, 'apache.conf');
  writeFileSync(
    script,
    `#!/bin/sh
hex() { od -An -v -tx1 | tr -d ' \\n'; }
target=$(printf %s "$REQUEST_URI" | hex)
printf 'X-Read: %s %s %s\\r\\nContent-Length: 0\\r\\n\\r\\n' "$REQUEST_METHOD" "$target" "$(hex)"
`,
    { mode: 0o755 },
  );
  // Without root's rights the script could not be read in root's folder.
  chmodSync(folder, 0o755);
  const modules = ['mpm_event', 'authz_core', 'alias', 'cgi']
    .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
    .join('\n');
  writeFileSync(
    file,
    `ServerName a
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${modules}
DocumentRoot ${folder}
ScriptAliasMatch ^ ${script}
KeepAliveTimeout 10
${process.getuid?.() === 0 ? 'User nobody\nGroup nogroup' : ''}
`,
  );
  return started({ name: 'Apache', port, args: ['-X', '-d', folder, '-f', file] });
}

/** What lies behind a request without a body may be refused before its own end is told. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Node's own parser; also what nginx tells. */
async function startNode(): Promise<Reader> {
  const server = createServer((asked, answer) => {
    const { 'x-method': method = asked.method, 'x-target': target = asked.url } = asked.headers;
    const tell = (body: string): void => {
      answer.writeHead(200, { 'x-read': `${method} ${hex(String(target))} ${body}` }).end();
    };
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    if (hasBody(asked)) {
      asked.once('end', () => tell(Buffer.concat(chunks).toString('hex')));
    } else {
      tell('');
    }
  });
  server.on('connect', (asked, socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(`HTTP/1.1 200 OK\r\nX-Read: CONNECT ${hex(asked.url)} \r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    name: 'Node',
    version: process.versions.node,
    port: (server.address() as AddressInfo).port,
    stop: () => server.close().closeAllConnections(),
  };
}

export async function startReaders(): Promise<readonly Reader[]> {
  const node = await startNode();
  return [await startHaproxy(), await startNginx(node.port), await startApache(), node];
}
