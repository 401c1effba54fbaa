// From whatever a configuration file threw to a message with a place: file, line and column, as far as the
// error tells. Each engine and each parser tells it in its own way.

import { fileURLToPath } from 'node:url';
import type { Failed, FailureReason } from './protocol.ts';

interface Place {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

const nowhere: Place = { file: null, line: null, column: null };

export function describeFailure(error: unknown, ownFolder: string): Failed {
  if (!(error instanceof Error)) {
    return failed('threw', `it threw ${String(error)}`, nowhere, String(error));
  }
  const stack = error.stack ?? error.message;
  const place = placeInHead(stack) ?? placeInMessage(error.message);
  if (isSyntaxError(error)) {
    return failed(
      'syntax',
      firstLine(error.message.replace(/^ParseError: /, '')),
      place ?? nowhere,
      stack,
    );
  }
  const missing = missingModule(error);
  if (missing !== null) {
    return failed('missing-module', missing.name, { ...nowhere, file: missing.importer }, stack);
  }
  return failed(
    'threw',
    firstLine(error.message),
    placeInFrames(stack, ownFolder) ?? nowhere,
    stack,
  );
}

function failed(reason: FailureReason, message: string, place: Place, stack: string): Failed {
  return { type: 'failed', reason, message: message.trim(), ...place, stack };
}

function isSyntaxError(error: Error): boolean {
  // One that the file itself raised, by JSON.parse for example, has frames of the file and no head.
  const fromParser = placeInHead(error.stack ?? '') !== null || !/\n +at /.test(error.stack ?? '');
  return error.message.startsWith('ParseError: ') || (error instanceof SyntaxError && fromParser);
}

/** Node: `file:///path:3`, the line of source, and a caret below the column; then the message. */
function placeInHead(stack: string): Place | null {
  const match = /^(file:\/\/\S+|\/[^\n]+):(\d+)\n[^\n]*\n( *)\^/.exec(stack);
  if (match === null) {
    return null;
  }
  return { file: pathOf(match[1]), line: Number(match[2]), column: (match[3] ?? '').length + 1 };
}

/** jiti: `/path:3:7` on the last line of the message. */
function placeInMessage(message: string): Place | null {
  const match = /\n\s*(\/[^\n]+):(\d+):(\d+)\s*$/.exec(message);
  return match === null ? null : placeOf(match);
}

/** The first frame in a file that is neither Node's nor ours nor a package's. */
export function placeInFrames(stack: string, ownFolder: string): Place | null {
  for (const match of stack.matchAll(
    /\n\s+at (?:.*\()?((?:file:\/\/)?\/[^\n]+?):(\d+):(\d+)\)?(?=\n|$)/g,
  )) {
    const place = placeOf(match);
    if (!place.file?.startsWith(ownFolder) && !place.file?.includes('/node_modules/')) {
      return place;
    }
  }
  return null;
}

function placeOf(match: RegExpMatchArray | RegExpExecArray): Place {
  return { file: pathOf(match[1]), line: Number(match[2]), column: Number(match[3]) };
}

function missingModule(error: Error): { name: string; importer: string | null } | null {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') {
    return null;
  }
  const name = /Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1] ?? 'a module';
  const importer = /(?:imported from |Require stack:\n- )([^\n]+)/.exec(error.message)?.[1];
  return { name, importer: importer === undefined ? null : pathOf(importer) };
}

function pathOf(text: string | undefined): string | null {
  return text?.startsWith('file:') ? fileURLToPath(text) : (text ?? null);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
