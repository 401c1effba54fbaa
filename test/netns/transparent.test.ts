// A transparent sidecar in a network namespace: Weft as uid 2102 under the rules of `weft init`, with real traffic
// through redirection in both directions, IPv4 and IPv6.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Namespaces, peerAddress, podAddress } from '../support/netns.ts';
import { until } from '../support/until.ts';
import { mainScript, root, tempFolder } from '../support/weft.ts';

const spaces = new Namespaces();
const program = join(root, 'test/support/original_dst.py');
const folder = tempFolder();
/** As Weft's user, who need not be allowed to read this clone and node where they are. */
const asProxy = [
  'sh',
  '-c',
  `mount --bind '${root}' '${folder}/clone' && mount --bind '${process.execPath}' '${folder}/node' &&
    exec setpriv --reuid 2102 --regid 2102 --clear-groups '${folder}/node' '${folder}/clone/dist/cli/main.js' "$@"`,
  'weft',
];
const configFile = join(folder, 'sidecar.json');
const { ipv4: pod4, ipv6: pod6 } = podAddress;
const { ipv4: peer4, ipv6: peer6 } = peerAddress;
let weft: ChildProcess;
/** A reset, which curl may see during its connect, after it or instead of an answer. */
const refused = /reset|Empty reply|to connect/i;
/** What Weft says of a workload that nobody listens for, over IPv4 and IPv6. */
const notThere = ['weft: connect_refused\n', 'weft: connect_refused\n'];
const twiceRefused = /(?:reset|Empty reply|to connect).*(?:reset|Empty reply|to connect)/is;

after(() => spaces.remove());

const sidecar = {
  workers: 2,
  listeners: [
    { name: 'outbound', address: '127.0.0.1:4140', transparent: true },
    { name: 'outbound-ipv6', address: '[::1]:4140', transparent: true },
    { name: 'inbound', address: '[::]:4143', direction: 'inbound', transparent: true },
  ],
  log: { accessLog: true },
};

function inPod(...command: string[]) {
  return spaces.run(spaces.pod, command);
}

function curl(namespace: string, url: string): string {
  const command = ['curl', '--silent', '--show-error', '--max-time', '5', url];
  const { out, err } = spaces.run(namespace, command);
  return out === '' ? err : out;
}

/** Both families, from the peer to the pod. */
function inbound(port: number): string[] {
  return [pod4, `[${pod6}]`].map((host) => curl(spaces.peer, `http://${host}:${port}/`));
}

function outbound(port: number): string[] {
  return [peer4, `[${peer6}]`].map((host) => curl(spaces.pod, `http://${host}:${port}/`));
}

function metric(line: RegExp): number {
  const lines = curl(spaces.pod, 'http://127.0.0.1:4191/metrics').split('\n');
  const found = lines
    .filter((text) => line.test(text))
    .map((text) => Number(text.split(' ').at(-1)));
  return found.reduce((sum, value) => sum + value, 0);
}

async function startWeft(config: object): Promise<void> {
  writeFileSync(configFile, JSON.stringify(config));
  const command = [...asProxy, 'run', '--config', configFile];
  weft = await spaces.start(spaces.pod, command);
  await until('Weft is ready', () =>
    /^ready|ok/i.test(curl(spaces.pod, 'http://127.0.0.1:4191/ready')),
  );
}

async function stopWeft(): Promise<void> {
  const ended = new Promise((resolve) => weft.once('exit', resolve));
  weft.kill('SIGTERM');
  await ended;
}

function serve(namespace: string, name: string, ...ports: number[]): Promise<ChildProcess> {
  return spaces.start(namespace, ['python3', program, name, ...ports.map(String)]);
}

before(async () => {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'clone'));
  writeFileSync(join(folder, 'node'), '');
  await serve(spaces.peer, 'peer', 80, 5432, 4143);
  await serve(spaces.pod, 'workload', 80);
  await startWeft(sidecar);
  const { code, err } = inPod(process.execPath, mainScript, 'init', '--skip-outbound-ports', '22');
  assert.equal(code, 0, err);
});

test('connections in and out go through Weft to where they meant to, IPv4 and IPv6', () => {
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
  assert.deepEqual(outbound(80), ['peer -', 'peer -']);
  assert.equal(metric(/^tcp_open_total\{direction="inbound",peer="dst".*original-inbound/), 2);
  assert.equal(metric(/^tcp_open_total\{direction="outbound",peer="dst".*original-outbound/), 2);
});

test('the port of another proxy on another host is no loop', () => {
  assert.deepEqual(outbound(4143), ['peer -', 'peer -']);
});

test('what means Weft itself, or comes without redirection, is refused and counted', () => {
  const loops = () => metric(/^weft_connection_close_total\{.*reason="loop"/);
  const earlier = loops();
  for (const url of [`${pod4}:4143`, `[${pod6}]:4143`]) {
    assert.match(curl(spaces.peer, `http://${url}/`), refused, url);
  }
  for (const url of ['127.0.0.1:4140', '[::1]:4140', '127.0.0.1:4143', `${pod4}:4143`]) {
    assert.match(curl(spaces.pod, `http://${url}/`), refused, url);
  }
  assert.equal(loops() - earlier, 6);
});

test('a workload that is gone refuses its clients, and is reached once it is back', async () => {
  const workload = await serve(spaces.pod, 'second', 8080);
  assert.deepEqual(inbound(8080), ['second -', 'second -']);
  const ended = new Promise((resolve) => workload.once('exit', resolve));
  workload.kill('SIGKILL');
  await ended;
  assert.deepEqual(inbound(8080), notThere);
  await serve(spaces.pod, 'third', 8080);
  assert.deepEqual(inbound(8080), ['third -', 'third -']);
});

test('bulk goes through both ways', async () => {
  await spaces.start(spaces.peer, ['iperf3', '--server', '--forceflush']);
  for (const host of [peer4, peer6]) {
    for (const way of [[], ['--reverse']]) {
      const run = inPod('iperf3', '--client', host, '--bytes', '64M', '--json', ...way);
      assert.equal(run.code, 0, run.out + run.err);
      const { sum_sent, sum_received } = JSON.parse(run.out).end;
      assert.ok(sum_sent.bytes >= 64 * 1024 * 1024, run.out);
      assert.ok(sum_received.bytes > 32 * 1024 * 1024, run.out);
    }
  }
});

test('a server that speaks first to a redirected client is heard', async () => {
  await spaces.start(spaces.peer, ['python3', '-c', greetingServer(2525)]);
  for (const host of [peer4, peer6]) {
    const { out, err } = inPod('python3', '-c', silentClient(host, 2525));
    assert.equal(out.trim(), '220 ready', err);
  }
});

test('/connections says where an open connection meant to go', async () => {
  const held = ['python3', '-c', heldConnection(peer4, 80)];
  const child = await spaces.start(spaces.pod, held);
  const { connections } = JSON.parse(curl(spaces.pod, 'http://127.0.0.1:4191/connections'));
  assert.deepEqual(
    connections.map((one: Record<string, unknown>) => [one['originalDst'], one['upstreamAddress']]),
    [[`${peer4}:80`, `${peer4}:80`]],
  );
  child.kill('SIGKILL');
});

test('with workloadAddress loopback a workload that binds loopback alone is reached', async () => {
  await spaces.start(spaces.pod, ['python3', '-c', loopbackServer(9090)]);
  assert.deepEqual(inbound(9090), notThere);
  await stopWeft();
  const listeners = sidecar.listeners.map((listener) =>
    listener.direction === 'inbound' ? { ...listener, workloadAddress: 'loopback' } : listener,
  );
  await startWeft({ ...sidecar, listeners });
  assert.deepEqual(inbound(9090), ['loopback', 'loopback']);
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
});

test('without Weft connections are refused under the rules, and go on when it is back', async () => {
  await stopWeft();
  assert.match(outbound(80).join(), twiceRefused);
  await startWeft(sidecar);
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
  assert.deepEqual(outbound(80), ['peer -', 'peer -']);
});

test('a cluster gets the connections to the destinations that it claims', async () => {
  await stopWeft();
  await startWeft({
    ...sidecar,
    clusters: {
      web: {
        endpoints: [`${peer4}:80`],
        destinations: ['192.0.2.0/24', '[fd99::/16]:443', `${peer4}:5432`],
      },
    },
  });
  inPod('ip', 'route', 'add', '192.0.2.0/24', 'via', peer4);
  inPod('ip', '-6', 'route', 'add', 'fd99::/16', 'via', peer6);
  for (const url of ['192.0.2.7:9999', '[fd99::7]:443', `${peer4}:5432`]) {
    assert.equal(curl(spaces.pod, `http://${url}/`), 'peer -', url);
  }
  assert.equal(metric(/^tcp_open_total\{direction="outbound",peer="dst".*dst_cluster="web"/), 3);
});

test('after --undo connections go their own way', () => {
  const earlier = metric(/^tcp_open_total/);
  assert.equal(inPod(process.execPath, mainScript, 'init', '--undo').code, 0);
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
  assert.deepEqual(outbound(80), ['peer -', 'peer -']);
  assert.equal(metric(/^tcp_open_total/), earlier);
});

function heldConnection(host: string, port: number): string {
  return [
    'import socket, time',
    `s = socket.create_connection(('${host}', ${port}))`,
    'time.sleep(0.3)',
    "print('open', flush=True)",
    'time.sleep(60)',
  ].join('\n');
}

function greetingServer(port: number): string {
  return `
import socket
l = socket.create_server(('::', ${port}), family=socket.AF_INET6, dualstack_ipv6=True)
print('listening', flush=True)
while True:
    c, _ = l.accept()
    with c:
        c.sendall(b'220 ready')
`;
}

function silentClient(host: string, port: number): string {
  return [
    'import socket',
    `s = socket.create_connection(('${host}', ${port}), 5)`,
    'print(s.recv(100).decode())',
  ].join('\n');
}

/** Answers on 127.0.0.1 and ::1 alone. */
function loopbackServer(port: number): string {
  return `
import socket, select
ls = []
for family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
    l = socket.socket(family, socket.SOCK_STREAM)
    l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    l.bind((host, ${port}))
    l.listen(16)
    ls.append(l)
print('listening', flush=True)
while True:
    for r in select.select(ls, [], [])[0]:
        c, _ = r.accept()
        with c:
            c.recv(65536)
            c.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Length: 8\\r\\n\\r\\nloopback')
`;
}
