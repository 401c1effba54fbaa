// The process that reads one configuration file and ends: `node child.js FILE`, started by run-child.ts. A fresh
// process has a fresh module graph, so that a reload sees every changed import; whatever the file does to
// globals, timers or memory ends with it.

import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeFailure } from './failure.ts';
import { importFile } from './import-file.ts';
import { toPlainData } from './plain-data.ts';
import type { Answer, Failed } from './protocol.ts';
import { parseYaml } from './yaml-file.ts';

const indexPath = resolve(import.meta.dirname, '../../index.js');
const indexUrl = pathToFileURL(indexPath).href;
const ownFolder = `${dirname(indexPath)}/`;

async function answerFor(file: string): Promise<Answer> {
  const files = new Set([file]);
  try {
    if (['.yaml', '.yml'].includes(extname(file))) {
      return await parseYaml(readFileSync(file, 'utf8'), file);
    }
    const imported = await importFile({ file, indexUrl, ownFolder, files });
    if (!imported.hasDefault) {
      return noExport(file);
    }
    const { exported } = imported;
    const { value, strange } = toPlainData(
      typeof exported === 'function' ? await exported() : exported,
    );
    return { type: 'loaded', value, strange, files: [...files].filter(isWatched) };
  } catch (error) {
    return describeFailure(error, ownFolder);
  }
}

function isWatched(path: string): boolean {
  return !path.startsWith(ownFolder) && !path.includes('/node_modules/');
}

function noExport(file: string): Failed {
  const place = { file, line: null, column: null };
  return { type: 'failed', reason: 'no-export', message: '', ...place, stack: '' };
}

const warningsOfNode =
  /^ExperimentalWarning|MODULE_TYPELESS_PACKAGE_JSON|(?:To|Failed to) load (?:an|the) ES module/;

/** Node warns about its own experiments and about files that jiti reads after it; neither helps the user. */
function keepWarningsOfUsersOnly(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const { code = '' } = warning as NodeJS.ErrnoException;
    const text = `${warning.name}: ${warning.message}`;
    if (!warningsOfNode.test(text) && !warningsOfNode.test(code)) {
      process.stderr.write(`${text}\n`);
    }
  });
}

const [, , file = ''] = process.argv;
keepWarningsOfUsersOnly();
// What a callback of the file throws, and a promise that it forgot, count as thrown by the file.
process.once('uncaughtException', (error) => process.send?.(describeFailure(error, ownFolder)));
// Should the parent be gone, nothing that the file left open (a timer, a socket) keeps this process alive.
process.once('disconnect', () => process.exit(0));
// The parent ends this process once it has the answer; an exit from here could overtake it.
process.send?.(await answerFor(file));
