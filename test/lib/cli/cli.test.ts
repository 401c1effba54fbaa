import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commands } from '../../../lib/cli/command-table.ts';

const main = fileURLToPath(new URL('../../../lib/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weft-cli-'));
after(() => rmSync(folder, { recursive: true }));

const config = {
  listeners: [{ address: '127.0.0.1:8080', cluster: 'web' }],
  clusters: { web: { endpoints: ['10.0.0.5:80', '10.0.0.6:80'] } },
};
writeFileSync(join(folder, 'weft.config.json'), JSON.stringify(config));
writeFileSync(join(folder, 'bad.json'), JSON.stringify({ ...config, workers: 0, wrokers: 1 }));
writeFileSync(join(folder, 'one.json'), JSON.stringify({ ...config, workers: 0 }));
writeFileSync(
  join(folder, 'prints.config.mjs'),
  `console.log('noise'); export default ${JSON.stringify(config)};`,
);

function weft(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
    timeout: 30_000,
  });
  return { code: child.status, out: child.stdout, err: child.stderr };
}

/** A mistake of the user: exit code 2, nothing on stdout, one sentence that names the right word. */
function assertMistake(args: readonly string[], says: RegExp): void {
  const { code, out, err } = weft(args);
  assert.deepEqual({ code, out }, { code: 2, out: '' }, err);
  assert.match(err, /^weft: [^\n]+\n$/, 'one line');
  assert.match(err, says);
}

test('weft alone, help and --help show every command and an example', () => {
  const overview = weft([]);
  assert.equal(overview.code, 0);
  for (const { name } of commands) {
    assert.match(overview.out, new RegExp(`^  ${name} `, 'm'));
  }
  assert.match(overview.out, /Example:\n {2}weft /);
  for (const args of [['help'], ['--help'], ['-h'], ['help', 'help']]) {
    assert.deepEqual(weft(args), overview, args.join(' '));
  }
});

test('the help of each command shows its flags and an example that its parser takes', () => {
  for (const command of commands) {
    const help = weft(['help', command.name]);
    assert.deepEqual([help.code, help.err], [0, '']);
    assert.ok(help.out.includes(`Example:\n  weft ${command.name}`), command.name);
    for (const { name } of command.flags) {
      assert.ok(help.out.includes(`--${name}`), `${command.name} --${name}`);
    }
    assert.ok(help.out.split('\n').every((line) => line.length <= 100));
    assert.deepEqual(weft([command.name, '--help']), help);
    assert.deepEqual(weft([command.name, '--nonsense', '-h']), help);
  }
});

test('an unknown command or flag is told with the nearest right word', () => {
  assertMistake(['chekc'], /'check'/);
  assertMistake(['frwd'], /run, forward, check/);
  assertMistake(['help', 'runn'], /'run'/);
  assertMistake(['--hlep'], /'help'/);
  assertMistake(['check', '--confg', 'x'], /--config/);
  assertMistake(['check', '--zzzzzz'], /--config/);
  assertMistake(['check', '-c', 'x'], /-c/);
});

test('a flag without its value, a switch with one, and stray words are told', () => {
  assertMistake(['check', '--config'], /--config FILE/);
  assertMistake(['check', '--config='], /--config FILE/);
  assertMistake(['run', '--config', '--watch'], /--config FILE/);
  assertMistake(['run', '--watch=yes'], /--watch alone/);
  assertMistake(['check', 'weft.config.json'], /--config weft\.config\.json/);
  assertMistake(['version', 'x'], /help version/);
  assertMistake(['forward'], /LISTEN TARGET/);
  assertMistake(['forward', '127.0.0.1:1'], /LISTEN TARGET/);
  assertMistake(['demo', '--seconds', 'x'], /--seconds: expected a whole number/);
});

test('check says what is valid and prints every problem of what is not', () => {
  const valid = weft(['check']);
  assert.deepEqual([valid.code, valid.err], [0, '']);
  assert.match(valid.out, /weft\.config\.json is valid: 1 listener, 1 cluster, 2 endpoints\.\n$/);
  const bad = weft(['check', '--config', 'bad.json']);
  assert.deepEqual([bad.code, bad.out], [2, '']);
  assert.match(
    bad.err,
    /^weft: bad\.json has 2 problems:\n {2}workers: .*\n {2}wrokers: .*'workers'\?\n$/,
  );
  assertMistake(['check', '--config=one.json'], /one\.json: workers: /);
  assertMistake(['check', '--config', 'nowhere.ts'], /nowhere\.ts does not exist/);
});

test('print-config prints the whole configuration and nothing else, whatever the file prints', () => {
  const { code, out, err } = weft(['print-config', '--config', 'prints.config.mjs'], {
    WEFT_WORKERS: '3',
  });
  assert.deepEqual([code, err], [0, 'noise\n']);
  const printed = JSON.parse(out);
  assert.equal(printed.workerCount, 3);
  assert.equal(printed.listeners[0].idleTimeoutMs, 3_600_000);
  assert.equal(printed.drain.deadlineMs, 120_000);
});

test('print-config shows the number of workers also when nobody set it', () => {
  const printed = JSON.parse(weft(['print-config']).out);
  assert.ok(Number.isInteger(printed.workerCount) && printed.workerCount >= 1);
});

test('explain says where a request would go, and why not elsewhere', () => {
  const rules = [
    {
      name: 'beta',
      matches: [{ headers: [{ name: 'x-user', value: 'beta' }] }],
      backendRefs: [{ cluster: 'web' }],
    },
    { name: 'rest', filters: [{ type: 'DirectResponse', directResponse: { statusCode: 204 } }] },
  ];
  const listeners = [{ ...config.listeners[0], httpRoutes: [{ name: 'shop', rules }] }];
  writeFileSync(join(folder, 'routes.json'), JSON.stringify({ ...config, listeners }));
  const explain = (...args: readonly string[]) =>
    weft(['explain', ...args, '--config', 'routes.json']);
  const { code, out, err } = explain('PUT', 'http://a/cart', '-H', 'x-user: beta', '-H', 'b:c');
  assert.deepEqual([code, err], [0, '']);
  assert.equal(
    out,
    `listener  127.0.0.1:8080
rule      shop/beta (path prefix /, header x-user is beta)
backend   web, 100 %: 10.0.0.5:80, 10.0.0.6:80
timeouts  none
retries   of a failed connect only
not       shop/rest (every request): fits, but shop/beta names more headers
`,
  );
  assert.match(explain('http://a/').out, /^answer {4}answered here with 204$/m);
  const json = JSON.parse(explain('http://a/', '--json').out);
  assert.deepEqual([json.rule, json.status], ['shop/rest', 204]);
  assertMistake(['explain', 'cart'], /expected a URL, got 'cart'/);
  assertMistake(['explain', 'http://a/', '--header', 'x'], /expected 'name: value', got 'x'/);
  assertMistake(['explain', 'http://a/', '--listener', 'b'], /There are 127\.0\.0\.1:8080/);
  assertMistake(['explain', 'A B', 'http://a/'], /expected a method/);
});

test('version prints versions, also as JSON, and works without an addon', () => {
  const text = weft(['version']);
  assert.equal(text.code, 0);
  assert.match(text.out, new RegExp(`^node +${process.versions.node}$`, 'm'));
  assert.match(text.out, new RegExp(`^openssl +${process.versions.openssl}$`, 'm'));
  assert.match(text.out, /^addon +\S/m);
  const json = JSON.parse(weft(['version', '--json']).out);
  assert.match(json.weft, /^\d+\.\d+\.\d+/);
  assert.ok((json.addon === null) !== (json.addonMissing === null));
  assert.deepEqual(weft(['--version']), text);
});

test('nothing that is piped has colour codes', () => {
  for (const args of [['help'], ['check'], ['print-config'], ['version'], ['check', '--x']]) {
    const { out, err } = weft(args, { FORCE_COLOR: '1' });
    assert.ok(!`${out}${err}`.includes('\u001b'), args.join(' '));
  }
});

test('a reader that goes away is no failure', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `10.${index >> 8}.${index & 255}.1:80`);
  const big = { ...config, clusters: { web: { endpoints: many } } };
  writeFileSync(join(folder, 'big.json'), JSON.stringify(big));
  const script = '"$NODE" "$MAIN" print-config --config big.json | head -n 1; echo "$PIPESTATUS"';
  const child = spawnSync('bash', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE: process.execPath, MAIN: main },
  });
  assert.equal(child.stdout, '{\n0\n');
  assert.equal(child.stderr, '');
});

test('a trace is shown only when WEFT_DEBUG=1 asks for it', () => {
  const args = ['check', '--config', 'nowhere.ts'];
  assert.ok(!weft(args).err.includes('    at '));
  assert.match(weft(args, { WEFT_DEBUG: '1' }).err, /\n {4}at /);
});

test('the built command can be started by its name', () => {
  assert.match(readFileSync(main, 'utf8'), /^#!\/usr\/bin\/env -S node [-\w=]+\n/);
});

test('init prints its rules anywhere, and mistakes in its flags are told', () => {
  const printed = weft(['init', '--print', '--skip-outbound-ports', '25,8000-8100']);
  assert.deepEqual([printed.code, printed.err], [0, '']);
  assert.match(printed.out, /^add table inet weft\ndelete table inet weft\ntable inet weft \{\n/);
  assert.match(printed.out, /tcp dport \{ 25, 8000-8100 \} return/);
  assertMistake(['init', '--print', '--undo'], /--print and --undo/);
  assertMistake(['init', '--uid', 'weft'], /--uid: expected a whole number/);
  assertMistake(['init', '--inbound-port', '4140'], /both 4140/);
  assertMistake(['init', '--skip-inbound-ports', '22,'], /--skip-inbound-ports: .*got ''/);
  assertMistake(['init', '--skip-inbound-ports', '30-20'], /got '30-20'/);
  assertMistake(['init', '--skip-outbound-subnets', '10.1.2.3/8'], /Write '10\.0\.0\.0\/8'/);
});
