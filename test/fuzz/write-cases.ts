// The cases of test/support as the first inputs of the fuzzers that hold our parser beside another one:
//   node dist-test/test/fuzz/write-cases.js FOLDER

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { responseCases } from '../support/response-cases.ts';
import { requestCases } from '../support/smuggling-cases.ts';

const [folder = '.'] = process.argv.slice(2);

for (const [name, cases] of [
  ['beast_requests', requestCases],
  ['beast_responses', responseCases],
] as const) {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [index, { bytes }] of cases.entries()) {
    writeFileSync(join(folder, name, `case-${index}`), bytes, 'latin1');
  }
}
