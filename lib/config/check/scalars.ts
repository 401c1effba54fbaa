// Checks of single values: type, grammar and range, each with what to write instead. Returns the value as
// the user wrote it (addresses in their canonical spelling), or undefined after a report.

import { isIP } from 'node:net';
import { type Address, formatAddress, parseAddress } from '../../base/address.ts';
import { parseDestination } from '../../base/destination.ts';
import { formatDuration, parseDuration } from '../../base/duration.ts';
import {
  formatEndpointAddress,
  type NameAddress,
  parseEndpointAddress,
} from '../../base/endpoint-address.ts';

import { nearestWord } from '../../base/nearest-word.ts';
import { formatNetwork, parseNetwork } from '../../base/network.ts';
import type { Parsed } from '../../base/parsed.ts';
import { parsePorts } from '../../base/ports.ts';
import { parseServerName } from '../../base/server-name.ts';
import { formatSize, parseSize } from '../../base/size.ts';
import type { DurationNode, SchemaNode } from '../schema-node.ts';
import { checkFile, checkShare, checkTemplate } from './files.ts';
import type { IssueList } from './issues.ts';
import { checkText } from './texts.ts';

export type ScalarNode = Exclude<SchemaNode, { kind: 'object' | 'map' | 'list' | 'either' }>;

/** Printable in a metric label without escapes, and never a name that JavaScript gives to objects. */
const nameGrammar = /^[A-Za-z0-9][\w.:/-]{0,127}$/;

export function checkScalar(
  node: ScalarNode,
  value: unknown,
  path: string,
  issues: IssueList,
): unknown {
  const checked = check(node, value, path, issues);
  return checked ?? undefined;
}

function check(node: ScalarNode, value: unknown, path: string, issues: IssueList): unknown {
  switch (node.kind) {
    case 'boolean':
      return checkBoolean(value, path, issues);
    case 'integer':
      return checkInteger(node.min, node.max, value, path, issues);
    case 'decimal':
      return checkDecimal(node.min, node.max, value, path, issues);
    case 'duration':
      return checkDuration(node, value, path, issues);
    case 'size':
      return checkSize(node.minBytes, node.maxBytes, value, path, issues);
    case 'word':
      return checkWord(node.words, value, path, issues);
    case 'name':
      return checkName(value, path, issues);
    case 'text':
      return checkText(node, value, path, issues);
    case 'mode':
      return checkMode(value, path, issues);
    case 'ports':
      return checkPorts(value, path, issues);
    case 'serverName':
      return checkServerName(value, path, issues);
    case 'network':
      return checkNetwork(value, path, issues);
    case 'address':
      return checkAddress(node.use, value, path, issues);
    case 'destination':
      return checkDestination(value, path, issues);
    case 'nameServer':
      return checkNameServer(value, path, issues);
    case 'share':
      return checkShare(value, path, issues);
    case 'file':
      return checkFile(node.words, value, path, issues);
    case 'template':
      return checkTemplate(node, value, path, issues);
  }
}

function checkBoolean(value: unknown, path: string, issues: IssueList): boolean | null {
  if (typeof value === 'boolean') {
    return value;
  }
  const quoted = value === 'true' || value === 'false';
  const hint = quoted ? 'Leave out the quotes.' : null;
  issues.add(path, 'wrong-type', 'expected true or false', { got: value, hint });
  return null;
}

function checkInteger(
  min: number,
  max: number,
  value: unknown,
  path: string,
  issues: IssueList,
): number | null {
  const range = `expected a whole number of ${min} to ${max}`;
  if (typeof value !== 'number') {
    const quoted = typeof value === 'string' && /^\d+$/.test(value);
    const hint = quoted ? 'Leave out the quotes.' : null;
    issues.add(path, 'wrong-type', range, { got: value, hint });
    return null;
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    issues.add(path, 'out-of-range', range, { got: value });
    return null;
  }
  return value;
}

/** Hundredths cross to native code as whole numbers. */
function checkDecimal(
  min: number,
  max: number,
  value: unknown,
  path: string,
  issues: IssueList,
): number | null {
  const range = `expected a number of ${min} to ${max}`;
  if (typeof value !== 'number') {
    const quoted = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value);
    const hint = quoted ? 'Leave out the quotes.' : null;
    issues.add(path, 'wrong-type', range, { got: value, hint });
    return null;
  }
  const rounded = Math.round(value * 100) / 100;
  if (!(value >= min && value <= max) || value !== rounded) {
    const inside = value >= min && value <= max;
    const hint = inside ? `Two decimal places count: ${rounded}.` : null;
    issues.add(path, 'out-of-range', range, { got: value, hint });
    return null;
  }
  return value;
}

function checkDuration(
  node: DurationNode,
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  const asText = typeof value === 'number' ? numberHint(value, formatDuration) : null;
  const shape = { expected: "expected a duration such as '5s'", hint: asText };
  const durationMs = parsedText(parseDuration, shape, value, path, issues);
  if (durationMs === null) {
    return null;
  }
  if (durationMs < node.minMs || durationMs > node.maxMs) {
    const problem = `expected ${formatDuration(node.minMs)} to ${formatDuration(node.maxMs)}`;
    issues.add(path, 'out-of-range', problem, { got: value });
    return null;
  }
  if (durationMs % node.stepMs !== 0) {
    const near = Math.ceil(durationMs / node.stepMs) * node.stepMs;
    const hint = `The kernel counts whole ones; write '${formatDuration(near)}'.`;
    issues.add(path, 'out-of-range', 'expected whole seconds', { got: value, hint });
    return null;
  }
  return value as string;
}

function checkSize(
  minBytes: number,
  maxBytes: number,
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  const hint = typeof value === 'number' ? numberHint(value, formatSize) : null;
  const bytes = parsedText(
    parseSize,
    { expected: "expected a size such as '64KiB'", hint },
    value,
    path,
    issues,
  );
  if (bytes === null) {
    return null;
  }
  if (bytes < minBytes || bytes > maxBytes) {
    const problem = `expected ${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
    issues.add(path, 'out-of-range', problem, { got: value });
    return null;
  }
  return value as string;
}

function numberHint(value: number, format: (value: number) => string): string | null {
  return Number.isSafeInteger(value) && value >= 0 ? `Write '${format(value)}'.` : null;
}

function checkWord(
  words: readonly string[],
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  if (typeof value === 'string' && words.includes(value)) {
    return value;
  }
  const list = words.map((word) => `'${word}'`).join(', ');
  const problem = words.length > 1 ? `expected one of ${list}` : `expected ${list}`;
  const nearest = typeof value === 'string' ? nearestWord(value, words) : null;
  const hint = nearest === null ? null : `Did you mean '${nearest}'?`;
  const code = typeof value === 'string' ? 'unknown-word' : 'wrong-type';
  issues.add(path, code, problem, { got: value, hint });
  return null;
}

function checkName(value: unknown, path: string, issues: IssueList): string | null {
  if (typeof value !== 'string') {
    issues.add(path, 'wrong-type', "expected a name such as 'web'", { got: value });
    return null;
  }
  if (!nameGrammar.test(value)) {
    const problem = 'expected a name of 1 to 128 letters, digits and . _ - : /';
    issues.add(path, 'bad-name', problem, { got: value, hint: 'Begin with a letter or digit.' });
    return null;
  }
  return value;
}

function checkMode(value: unknown, path: string, issues: IssueList): string | null {
  const isMode = typeof value === 'string' && /^0?[0-7]{3}$/.test(value);
  if (isMode) {
    return value;
  }
  const isNumber = typeof value === 'number';
  // 0660 is 432 in JavaScript and 660 in YAML: a number does not say what was meant.
  const hint = isNumber ? "Write it in quotes, as for chmod: '0660'." : null;
  const problem = "expected permission bits such as '0660'";
  issues.add(path, isNumber ? 'wrong-type' : 'bad-mode', problem, { got: value, hint });
  return null;
}

function checkPorts(value: unknown, path: string, issues: IssueList): string | null {
  const hint = typeof value === 'number' ? `Write '${value}'.` : null;
  const expected = "expected ports such as '3306' or '8000-8100'";
  return parsedText(parsePorts, { expected, hint }, value, path, issues) && (value as string);
}

function checkServerName(value: unknown, path: string, issues: IssueList): string | null {
  const expected = "expected a host name such as 'api.example.com'";
  return parsedText(parseServerName, { expected }, value, path, issues);
}

function checkNetwork(value: unknown, path: string, issues: IssueList): string | null {
  const expected = "expected a network such as '10.0.0.0/8'";
  const network = parsedText(parseNetwork, { expected }, value, path, issues);
  return network && formatNetwork(network);
}

/** What a text means; `null` and an issue when it is none or means nothing. */
function parsedText<Value>(
  parse: (text: string) => Parsed<Value>,
  { expected, hint = null }: { readonly expected: string; readonly hint?: string | null },
  value: unknown,
  path: string,
  issues: IssueList,
): Value | null {
  if (typeof value !== 'string') {
    issues.add(path, 'wrong-type', expected, { got: value, hint });
    return null;
  }
  const parsed = parse(value);
  if (!parsed.ok) {
    issues.addProblem(path, parsed, value);
    return null;
  }
  return parsed.value;
}

function checkAddress(
  use: 'listen' | 'endpoint',
  value: unknown,
  path: string,
  issues: IssueList,
): string | null {
  const isPort = typeof value === 'number' && Number.isInteger(value);
  const hint = isPort ? `Write '127.0.0.1:${value}'.` : null;
  const expected = "expected an address such as '10.0.0.5:80'";
  const parse = use === 'endpoint' ? parseEndpointAddress : parseAddress;
  const address = parsedText<Address | NameAddress>(parse, { expected, hint }, value, path, issues);
  if (address === null) {
    return null;
  }
  if (use === 'endpoint' && address.type !== 'unix' && address.port === 0) {
    issues.add(path, 'bad-address', 'expected a port of 1 to 65535', { got: value });
    return null;
  }
  return formatEndpointAddress(address);
}

function checkDestination(value: unknown, path: string, issues: IssueList): string | null {
  const expected = "expected a destination such as '10.96.0.10:80'";
  return parsedText(parseDestination, { expected }, value, path, issues) && (value as string);
}

/** With the port that name servers have, unless it says another. */
function checkNameServer(value: unknown, path: string, issues: IssueList): string | null {
  const expected = "expected the IP address of a name server such as '10.0.0.53'";
  const isText = typeof value === 'string';
  const withPort =
    isText && isIP(value) !== 0 ? (value.includes(':') ? `[${value}]:53` : `${value}:53`) : value;
  const parsed = isText ? parseAddress(withPort as string) : null;
  if (!parsed?.ok || parsed.value.type === 'unix' || parsed.value.port === 0) {
    const hint = parsed?.ok === false ? parsed.hint : null;
    issues.add(path, isText ? 'bad-address' : 'wrong-type', expected, { got: value, hint });
    return null;
  }
  return formatAddress(parsed.value);
}
