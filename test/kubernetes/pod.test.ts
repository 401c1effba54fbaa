// The pod of examples/kubernetes against the schema of Kubernetes, and against what this Weft has: its flags, its ports,
// its probes, its configuration. The runner brings the schema (scripts/testing/kubernetes.mjs).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { routes } from '../../lib/admin/routes/list.ts';
import { findCommand } from '../../lib/cli/command-table.ts';
import type { Config } from '../../lib/config/config.ts';
import { mainScript, root, tempFolder } from '../support/weft.ts';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: {
    readonly runAsUser: number;
    readonly readOnlyRootFilesystem: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
}

interface Pod {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly initContainers: readonly Container[];
  };
}

const file = join(root, 'examples/kubernetes/pod.yaml');
const text = readFileSync(file, 'utf8');
const documents = parseAllDocuments(text).map((document) => document.toJS() as Pod);
const pod = documents.find(({ kind }) => kind === 'Pod');
const configText =
  documents.find(({ kind }) => kind === 'ConfigMap')?.data?.['weft.config.ts'] ?? '';
assert.ok(pod, 'there is a pod');
const [init, weft] = pod.spec.initContainers;
assert.ok(init && weft, 'there are two init containers');

function validate(path: string) {
  const validator = join(process.env['WEFT_KUBERNETES_VALIDATE'] ?? '', 'bin/kubernetes-validate');
  const env = { ...process.env, PYTHONPATH: process.env['WEFT_KUBERNETES_VALIDATE'] };
  return spawnSync('python3', [validator, '--strict', path], { env, encoding: 'utf8' });
}

function resolved(): Config {
  const folder = tempFolder();
  const path = join(folder, 'weft.config.ts');
  writeFileSync(path, configText);
  const args = [mainScript, 'print-config', '--config', path];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('every document fits the schema of Kubernetes, with no unknown field', () => {
  const { status, stdout, stderr } = validate(file);
  assert.equal(status, 0, `${stdout}${stderr}`);
});

test('the schema tells of a wrong field', () => {
  const path = join(tempFolder(), 'pod.yaml');
  writeFileSync(path, text.replace('readOnlyRootFilesystem', 'readOnlyRoot'));
  assert.notEqual(validate(path).status, 0);
});

for (const { name, args } of [init, weft]) {
  test(`${name}: command and flags exist`, () => {
    const command = findCommand(args[0] ?? '');
    assert.ok(command, args[0]);
    const known = command.flags.map((flag) => flag.name);
    const used = args
      .filter((arg) => arg.startsWith('--'))
      .map((arg) => arg.slice(2).split('=')[0]);
    assert.deepEqual(
      used.filter((flag) => !known.includes(flag ?? '')),
      [],
    );
  });
}

test('the rules can be made', () => {
  const args = [mainScript, ...init.args, '--print'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /4143/);
});

test('Weft is a native sidecar without rights; only the rules have some', () => {
  assert.equal(weft.restartPolicy, 'Always');
  assert.equal(init.restartPolicy, undefined);
  assert.equal(weft.securityContext.runAsUser, 2102);
  assert.deepEqual(weft.securityContext.capabilities, { drop: ['ALL'] });
  assert.deepEqual(init.securityContext.capabilities.add, ['NET_ADMIN', 'NET_RAW']);
  for (const { securityContext, resources } of [init, weft]) {
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.equal(securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(Object.keys(resources.limits), ['cpu', 'memory']);
    assert.deepEqual(Object.keys(resources.requests), ['cpu', 'memory']);
  }
});

test('probes ask what the admin server has, at the port where the image listens', () => {
  const port = (name: string): number | undefined =>
    weft.ports?.find((other) => other.name === name)?.containerPort;
  const image = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const admin = /^ENV WEFT_ADMIN=0\.0\.0\.0:(\d+)$/m.exec(image)?.[1];
  for (const { httpGet } of [weft.startupProbe, weft.readinessProbe, weft.livenessProbe]) {
    assert.ok(
      routes.some(({ path }) => path === httpGet.path),
      httpGet.path,
    );
    assert.equal(port(httpGet.port), Number(admin));
  }
  assert.ok(init.args.includes(`--admin-port=${admin}`));
  assert.ok(init.args.includes(`--inbound-port=${port('weft-inbound')}`));
});

test('the configuration is valid and fits the pod', () => {
  const config = resolved();
  const inbound = config.listeners.find(({ direction }) => direction === 'inbound');
  const port = weft.ports?.find(({ name }) => name === 'weft-inbound')?.containerPort;
  assert.equal(inbound?.address, `[::]:${port}`);
  assert.ok(config.listeners.every(({ transparent }) => transparent));
  const outbound = config.listeners.filter(({ direction }) => direction === 'outbound');
  const ports = outbound.map(({ address }) => address.split(':').at(-1));
  assert.deepEqual([...new Set(ports)], [/--outbound-port=(\d+)/.exec(init.args.join(' '))?.[1]]);
  assert.ok(config.drain.deadlineMs < pod.spec.terminationGracePeriodSeconds * 1_000);
});

test('images have the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.deepEqual([init.image, weft.image], [`weft-init:${version}`, `weft:${version}`]);
});
