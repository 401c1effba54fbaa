// `weft init` in network namespaces: what its rules take and leave alone, seen by a program that asks the kernel
// for the original destination, and by curl.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Namespaces, type Output, peerAddress, podAddress } from '../support/netns.ts';
import { mainScript, root } from '../support/weft.ts';

const spaces = new Namespaces();
after(() => spaces.remove());

const program = join(root, 'test/support/original_dst.py');
const asProxy = ['setpriv', '--reuid', '2102', '--clear-groups'];
const powerless = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];

function init(...args: string[]): Output {
  return spaces.run(spaces.pod, [process.execPath, mainScript, 'init', ...args]);
}

function ruleset(): string {
  return spaces.run(spaces.pod, ['nft', 'list', 'ruleset']).out;
}

/** What answers at an address, asked from a namespace: its name and the original destination. */
function ask(namespace: string, address: string, through: readonly string[] = []): string {
  const curl = ['curl', '--silent', '--show-error', '--max-time', '5', `http://${address}/`];
  const { out, err } = spaces.run(namespace, [...through, ...curl]);
  return out === '' ? err : out;
}

function inbound(port: number): string[] {
  const { ipv4, ipv6 } = podAddress;
  return [ask(spaces.peer, `${ipv4}:${port}`), ask(spaces.peer, `[${ipv6}]:${port}`)];
}

function outbound(port: number, through: readonly string[] = []): string[] {
  const { ipv4, ipv6 } = peerAddress;
  const addresses = [`${ipv4}:${port}`, `[${ipv6}]:${port}`];
  return addresses.map((address) => ask(spaces.pod, address, through));
}

before(async () => {
  const python = (name: string, ...ports: number[]) => [
    'python3',
    program,
    name,
    ...ports.map(String),
  ];
  await spaces.start(spaces.peer, python('peer', 80, 8000));
  await spaces.start(spaces.pod, python('workload', 80, 8000, 4191));
  await spaces.start(spaces.pod, python('inbound', 4143));
  await spaces.start(spaces.pod, python('outbound', 4140));
});

beforeEach(() => {
  assert.equal(init('--undo').code, 0);
});

test('without rules nothing is taken, and --check says so', () => {
  const check = init('--check');
  assert.deepEqual([check.code, check.err], [1, '']);
  assert.match(check.out, /not taken.*no table inet weft/);
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
  assert.deepEqual(outbound(80), ['peer -', 'peer -']);
});

test('with the rules both directions are taken, IPv4 and IPv6, and the destination is known', () => {
  assert.equal(init().code, 0);
  const check = init('--check');
  assert.equal(check.code, 0, check.out + check.err);
  assert.deepEqual(inbound(80), ['inbound 10.77.0.2:80', 'inbound [fd77::2]:80']);
  assert.deepEqual(outbound(8000), ['outbound 10.77.0.1:8000', 'outbound [fd77::1]:8000']);
});

test('the proxy itself, the workload talking to itself and the admin port are left alone', () => {
  assert.equal(init().code, 0);
  assert.deepEqual(outbound(80, asProxy), ['peer -', 'peer -']);
  for (const address of ['127.0.0.1:80', '[::1]:80', '10.77.0.2:80', '[fd77::2]:80']) {
    assert.equal(ask(spaces.pod, address), 'workload -', address);
    assert.equal(ask(spaces.pod, address, asProxy), 'workload -', address);
  }
  assert.deepEqual(inbound(4191), ['workload -', 'workload -']);
});

test('another user can be the one that is left out', () => {
  assert.equal(init('--uid', '0').code, 0);
  assert.deepEqual(outbound(80), ['peer -', 'peer -']);
  assert.match(ask(spaces.pod, '10.77.0.1:80', asProxy), /^outbound /);
  assert.equal(init('--check', '--uid', '0').code, 0);
  assert.match(init('--check').out, /uid 2102 is not left out/);
});

test('skipped ports and networks are left alone, in the direction that they are given for', () => {
  const ports = ['--skip-inbound-ports', '22,79-81', '--skip-outbound-ports', '8000'];
  assert.equal(init(...ports).code, 0);
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
  assert.match(inbound(8000).join(), /^inbound .*,inbound /);
  assert.deepEqual(outbound(8000), ['peer -', 'peer -']);
  assert.match(outbound(80).join(), /^outbound .*,outbound /);
  assert.equal(init('--skip-inbound-subnets', '10.77.0.0/24').code, 0);
  assert.deepEqual(inbound(80), ['workload -', 'inbound [fd77::2]:80']);
  assert.equal(init('--skip-outbound-subnets', 'fd00::/8,192.0.2.0/24').code, 0);
  assert.deepEqual(outbound(80), ['outbound 10.77.0.1:80', 'peer -']);
  assert.match(inbound(80).join(), /^inbound .*,inbound /);
});

test('installing twice is installing once, and undoing leaves what others have', () => {
  const other = 'table ip other { chain c { type filter hook input priority 0; }\n}\n';
  assert.equal(spaces.run(spaces.pod, ['nft', '-f', '-'], other).code, 0);
  const original = ruleset();
  assert.match(original, /table ip other/);
  assert.equal(init().code, 0);
  const once = ruleset();
  assert.equal(init().code, 0);
  assert.equal(ruleset(), once);
  assert.match(init('--undo').out, /removed/);
  assert.equal(ruleset(), original);
  assert.match(init('--undo').out, /no rules/);
  assert.equal(ruleset(), original);
  assert.deepEqual(inbound(80), ['workload -', 'workload -']);
});

test('what --print shows is what nft takes', () => {
  const args = [
    '--uid',
    '7',
    '--skip-inbound-ports',
    '22',
    '--skip-inbound-subnets',
    '0.0.0.0/0,::/0',
  ];
  const printed = init('--print', ...args);
  assert.equal(printed.code, 0);
  assert.equal(spaces.run(spaces.pod, ['nft', '-f', '-'], printed.out).code, 0);
  const byHand = ruleset();
  assert.equal(init(...args).code, 0);
  assert.equal(ruleset(), byHand);
});

test('without the capability or without nft it says which is missing and changes nothing', () => {
  assert.equal(init().code, 0);
  const original = ruleset();
  const command = [process.execPath, mainScript, 'init'];
  const hidden = 'mount --bind /dev/null "$(readlink -f "$(command -v nft)")" && exec "$@"';
  const withoutNft = ['unshare', '--mount', 'sh', '-c', hidden, 'sh'];
  for (const action of [[], ['--undo'], ['--check']]) {
    const capability = spaces.run(spaces.pod, [...powerless, ...command, ...action]);
    assert.deepEqual([capability.code, capability.out], [1, '']);
    assert.match(capability.err, /^weft: the capability CAP_NET_ADMIN is missing[^\n]*\n$/);
    const nft = spaces.run(spaces.pod, [...withoutNft, ...command, ...action]);
    assert.deepEqual([nft.code, nft.out], [1, '']);
    assert.match(nft.err, /^weft: the program nft was not found[^\n]*\n$/);
  }
  assert.equal(ruleset(), original);
});
