import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { createLog, type LogFormat, type LogLevel } from '../../../lib/base/log.ts';

async function memoryLog(level: LogLevel, format: LogFormat = 'json') {
  const lines: string[] = [];
  const log = await createLog({
    level,
    format,
    destination: { write: (line) => lines.push(line) },
  });
  return { log, lines };
}

const logUrl = new URL('../../../lib/base/log.js', import.meta.url).href;

function runScript(body: string, shell: string) {
  const script = `const { createLog } = await import('${logUrl}'); ${body}`;
  return spawnSync('/bin/sh', ['-c', shell], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, NODE: process.execPath, SCRIPT: script },
  });
}

test('the log writes one JSON object for a line, with the level as a word and an ISO time', async () => {
  const { log, lines } = await memoryLog('info');
  log.info('listening', { address: '127.0.0.1:80' });
  const line = JSON.parse(lines[0] ?? '');
  assert.deepEqual(Object.keys(line), ['level', 'time', 'address', 'msg']);
  assert.equal(line.level, 'info');
  assert.equal(line.msg, 'listening');
  assert.ok(!Number.isNaN(Date.parse(line.time)));
});

test('a log with a level of its own leaves the level of the others alone', async () => {
  const { log, lines } = await memoryLog('error');
  const own = log.withLevel('info');
  own.info('written');
  log.info('not written');
  log.level = 'silent';
  own.info('written as well');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['written', 'written as well'],
  );
});

test('the log changes the level of parents and children together, at run time', async () => {
  const { log, lines } = await memoryLog('warn');
  const child = log.child({ room: 'admin' });
  child.info('unseen');
  log.level = 'debug';
  assert.equal(child.level, 'debug');
  assert.ok(child.isEnabled('debug') && !child.isEnabled('trace'));
  child.debug('seen');
  log.level = 'silent';
  child.error('unseen');
  assert.equal(lines.length, 1);
  assert.equal(JSON.parse(lines[0] ?? '').room, 'admin');
});

test('the log writes readable lines without colour codes when that is asked for and no terminal is there', () => {
  const body =
    "const log = await createLog({ level: 'info', format: 'pretty' }); log.info('hello', { port: 80 }); log.flush();";
  const { stdout } = runScript(body, '"$NODE" --input-type=module -e "$SCRIPT"');
  assert.match(stdout, /INFO.*hello/);
  assert.ok(!stdout.includes('\u001b['), stdout);
});

test('the log survives a reader that went away, and writes JSON to a pipe by itself', () => {
  const body = `
    const log = await createLog({ level: 'info', format: 'auto' });
    for (let i = 0; i < 50; i++) { log.info('line', { i }); await new Promise((go) => setTimeout(go, 2)); }
    log.flush();
    process.stderr.write('survived');`;
  const { stdout, stderr } = runScript(
    body,
    '"$NODE" --input-type=module -e "$SCRIPT" | head -n 1',
  );
  assert.equal(JSON.parse(stdout).i, 0);
  assert.equal(stderr, 'survived');
});

test('the log has written everything by the end of a process that exits at once', () => {
  const body = `
    const log = await createLog({ level: 'info', format: 'json' });
    for (let i = 0; i < 1000; i++) log.info('line', { i });
    process.exit(0);`;
  const { stdout } = runScript(body, '"$NODE" --input-type=module -e "$SCRIPT"');
  assert.equal(stdout.trimEnd().split('\n').length, 1000);
});
