// Runs a configuration file in a process of its own and takes its answer. The process may throw, exit, print,
// loop or crash: each ends as one sentence here. docs/decisions/0011 compares this with the alternatives.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ConfigError, type ErrorCode } from '../../base/errors.ts';
import type { Answer, Failed, FailureReason, Loaded } from './protocol.ts';

/** Enough for a function that asks another host once; a reload that takes longer has lost its way. */
export const loadTimeoutMs = 10_000;

const childPath = fileURLToPath(new URL('./child.js', import.meta.url));

/** `shown` is the file as messages name it. */
export async function runConfigFile(
  file: string,
  shown: (path: string) => string,
  timeoutMs = loadTimeoutMs,
): Promise<Loaded> {
  const child = fork(childPath, [file], {
    execArgv: [],
    serialization: 'advanced',
    // stdout belongs to the command: `weft print-config > file` holds nothing that a file printed.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  try {
    const answer = await answerOf(child, shown(file), timeoutMs);
    if (answer.type === 'failed') {
      throw failure(answer, file, shown);
    }
    return answer;
  } finally {
    child.kill('SIGKILL');
    child.unref();
  }
}

async function answerOf(child: ChildProcess, name: string, timeoutMs: number): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `${name}: did not finish within ${timeoutMs / 1000} seconds. Look for a loop, or for a promise that nothing settles.`;
      reject(new ConfigError('ERR_CONFIG_TIMEOUT', message, { path: name }));
    }, timeoutMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    child.once('message', (answer) => settle(() => resolve(answer as Answer)));
    child.once('error', (cause) => {
      const message = `${name}: no process could be started to read it (${cause.message}). Free some memory or processes.`;
      settle(() =>
        reject(new ConfigError('ERR_CONFIG_UNREADABLE', message, { path: name, cause })),
      );
    });
    child.once('exit', (code, signal) => {
      const message = `${name}: ${exitSentence(code, signal)}`;
      settle(() => reject(new ConfigError('ERR_CONFIG_THREW', message, { path: name })));
    });
  });
}

function exitSentence(code: number | null, signal: NodeJS.Signals | null): string {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return `ended its process ${how} before it had exported anything. Remove the call of process.exit, or what ended it.`;
}

const failureCodes: Readonly<Record<FailureReason, ErrorCode>> = {
  syntax: 'ERR_CONFIG_SYNTAX',
  'missing-module': 'ERR_CONFIG_THREW',
  threw: 'ERR_CONFIG_THREW',
  'no-export': 'ERR_CONFIG_EXPORT',
};

function failure(failed: Failed, file: string, shown: (path: string) => string): ConfigError {
  const place = [shown(failed.file ?? file), failed.line, failed.column]
    .filter((part) => part !== null)
    .join(':');
  const cause = new Error(failed.message);
  cause.stack = failed.stack;
  const code = failureCodes[failed.reason];
  return new ConfigError(code, `${place}: ${sentence(failed)}`, { path: place, cause });
}

function sentence({ reason, message }: Failed): string {
  switch (reason) {
    case 'syntax':
      return `syntax error: ${withoutStop(message)}.`;
    case 'missing-module':
      return `cannot find the module '${message}'. Check the path and its extension, or install the package beside the file.`;
    case 'threw':
      return `the file failed while it ran: ${withoutStop(message)}.`;
    case 'no-export':
      return 'exports no configuration. Write: export default defineConfig({ ... }).';
  }
}

function withoutStop(text: string): string {
  return text.replace(/[.\s]+$/, '');
}
