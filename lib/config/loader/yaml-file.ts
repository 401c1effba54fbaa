// Reads a YAML configuration, in the child process, so that the parser never lives in the proxy.

import type { Answer } from './protocol.ts';

export async function parseYaml(text: string, file: string): Promise<Answer> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const place = { line: error.linePos?.[0].line ?? null, column: error.linePos?.[0].col ?? null };
    const message = (error.message.split('\n', 1)[0] ?? '').replace(
      / at line \d+, column \d+:?$/,
      '',
    );
    return { type: 'failed', reason: 'syntax', message, file, ...place, stack: error.message };
  }
  return { type: 'loaded', value: document.toJS(), strange: [], files: [file] };
}
