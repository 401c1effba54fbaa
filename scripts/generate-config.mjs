// Writes what follows from lib/config/schema.ts: the types in lib/config/user-config.ts and the table in
// docs/configuration.md. `--check` writes nothing and ends with 1 when a file is stale. `--from DIR` reads
// the built schema from there (default: dist). Run it after a build: `npm run build:ts`.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lineMax = 100;

/** @typedef {import('../lib/config/schema-node.ts').SchemaNode} SchemaNode */
/** @typedef {import('../lib/config/schema-node.ts').ObjectNode} ObjectNode */
/** @typedef {import('../lib/config/schema-node.ts').WordNode} WordNode */
/** @typedef {import('../lib/config/schema-node.ts').Field} Field */
/** @typedef {import('../lib/config/overrides.ts').Override} Override */

/** @param {string} name */
function option(name) {
  const index = process.argv.indexOf(name);
  return index < 0 ? undefined : process.argv[index + 1];
}

const from = resolve(root, option('--from') ?? 'dist');
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(from, path)).href);
const { schema } = await load('config/schema.js');
const { overrides } = await load('config/overrides.js');
const { formatDuration } = await load('base/duration.js');
const { formatSize } = await load('base/size.js');

// ---- words for kinds and defaults ----

/** @param {SchemaNode} node @returns {string} */
function typeText(node) {
  switch (node.kind) {
    case 'boolean':
      return 'boolean';
    case 'integer':
    case 'share':
    case 'decimal':
      return 'number';
    case 'duration':
      return 'Duration';
    case 'size':
      return 'Size';
    case 'address':
      return 'AddressText';
    case 'destination':
    case 'nameServer':
    case 'file':
    case 'template':
    case 'name':
    case 'text':
    case 'mode':
    case 'ports':
    case 'serverName':
    case 'network':
      return 'string';
    case 'word':
    case 'object':
      return node.typeName;
    case 'map':
      return `Readonly<Record<string, ${node.item.typeName}>>`;
    case 'list':
      return node.item.kind === 'either'
        ? `readonly (${typeText(node.item)})[]`
        : `readonly ${typeText(node.item)}[]`;
    case 'either':
      return `${typeText(node.short)} | ${node.long.typeName}`;
  }
}

/** The kind in a person's words, with its range. @param {SchemaNode} node @returns {string} */
function kindText(node) {
  switch (node.kind) {
    case 'integer':
    case 'decimal':
      return `number, ${node.min} to ${node.max}`;
    case 'duration': {
      const step = node.stepMs > 1 ? ', whole seconds' : '';
      return `duration, ${formatDuration(node.minMs)} to ${formatDuration(node.maxMs)}${step}`;
    }
    case 'size':
      return `size, ${formatSize(node.minBytes)} to ${formatSize(node.maxBytes)}`;
    case 'word':
      return node.words.map((word) => `\`'${word}'\``).join(', ');
    case 'mode':
      return 'octal text';
    case 'text':
      return {
        any: `text, at most ${node.charsMax} characters`,
        path: 'path of a URL',
        fieldName: 'token of HTTP',
        fieldValue: 'value of a field of HTTP',
      }[node.grammar];
    case 'serverName':
      return 'host name, with `*.` before it or without';
    case 'share':
      return 'number, 0 to 1';
    case 'file':
      return `${node.words.map((word) => `\`'${word}'\``).join(', ')} or an absolute path`;
    case 'template':
      return `${node.words.map((word) => `\`'${word}'\``).join(', ')} or a text with fields in braces`;
    case 'nameServer':
      return 'IP address, with a port or without';
    case 'object':
      return `[${node.typeName}](#${node.typeName.toLowerCase()})`;
    case 'map':
      return `object: ${node.keyWord} name to ${kindText(node.item)}`;
    case 'list':
      return `list of ${kindText(node.item)}`;
    case 'either':
      return `${kindText(node.short)} or ${kindText(node.long)}`;
    default:
      return node.kind;
  }
}

/** @param {SchemaNode} node @param {unknown} value @returns {string} */
function valueText(node, value) {
  if (value === null) {
    return '`null`';
  }
  switch (node.kind) {
    case 'duration':
      return `\`'${formatDuration(value)}'\``;
    case 'size':
      return `\`'${formatSize(value)}'\``;
    case 'mode':
      return `\`'0${Number(value).toString(8)}'\``;
    default:
      return typeof value === 'string' ? `\`'${value}'\`` : `\`${value}\``;
  }
}

/** @param {Field} field @returns {string} */
function defaultText(field) {
  if (field.required) {
    return 'required';
  }
  if (field.default === null) {
    return 'its own defaults';
  }
  return field.default.text ?? valueText(field.node, field.default.value);
}

/** Everything in the schema that has a name, each once, in the order in which a reader meets it. */
function namedNodes() {
  /** @type {Map<string, ObjectNode | WordNode>} */
  const found = new Map();
  /** @param {SchemaNode} node */
  const visit = (node) => {
    if (node.kind === 'list' || node.kind === 'map') {
      visit(node.item);
    } else if (node.kind === 'either') {
      visit(node.short);
      visit(node.long);
    } else if ('typeName' in node && !found.has(node.typeName)) {
      found.set(node.typeName, node);
      if (node.kind === 'object') Object.values(node.fields).map((field) => visit(field.node));
    }
  };
  visit(schema);
  return [...found.values()];
}

/** @returns {ObjectNode[]} */
const objects = () => namedNodes().filter((node) => node.kind === 'object');
/** @returns {WordNode[]} */
const wordLists = () => namedNodes().filter((node) => node.kind === 'word');

// ---- lib/config/user-config.ts ----

/** A TSDoc block at an indentation. @param {string[]} sentences @param {string} indent */
function tsdoc(sentences, indent) {
  const text = sentences.join(' ').replaceAll('*/', '* /');
  const single = `${indent}/** ${text} */`;
  if (single.length <= lineMax) {
    return `${single}\n`;
  }
  const lines = wrap(text, lineMax - indent.length - 3).map((line) => `${indent} * ${line}`);
  return `${indent}/**\n${lines.join('\n')}\n${indent} */\n`;
}

/** @param {string} text @param {number} width */
function wrap(text, width) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** @param {Field} field */
function fieldDoc(field) {
  const sentences = [field.about];
  const { node } = field;
  if (node.kind === 'integer' || node.kind === 'duration' || node.kind === 'size') {
    const range = kindText(node);
    sentences.push(`A ${range.replace(',', ' of')}.`);
  }
  if (field.nullMeans !== null) sentences.push(`\`null\`: ${field.nullMeans}.`);
  if (field.default !== null) {
    sentences.push(`Default: ${defaultText(field)} (${field.default.reason}).`);
  }
  return sentences;
}

/** @param {string} key @param {Field} field */
function member(key, field) {
  const type = typeText(field.node) + (field.nullMeans === null ? '' : ' | null');
  const optional = field.required ? '' : ' | undefined';
  const line = `  readonly ${key}${field.required ? '' : '?'}: ${type}${optional};`;
  return `${tsdoc(fieldDoc(field), '  ')}${line}\n`;
}

/** @param {ObjectNode} node */
function typeDeclaration(node) {
  const members = Object.entries(node.fields).map(([key, field]) => member(key, field));
  return `${tsdoc([node.about], '')}export interface ${node.typeName} {\n${members.join('\n')}}\n`;
}

function userConfigSource() {
  const head = `// What a person writes. Generated from schema.ts by scripts/generate-config.mjs; change it there.

/** A length of time: \`'250ms'\`, \`'5s'\`, \`'1h30m'\`. Units: h, m, s, ms. */
export type Duration = string;

/** A number of bytes: \`'64KiB'\`, \`'1MiB'\`. Units: B, KiB, MiB, GiB, TiB. */
export type Size = string;

/** \`'10.0.0.5:80'\`, \`'[::1]:80'\` or \`'unix:/run/app.sock'\`; \`localhost\` is 127.0.0.1. */
export type AddressText = string;
`;
  const words = wordLists().map(({ typeName, words }) => {
    const list = words.map((word) => `'${word}'`).join(' | ');
    const line = `export type ${typeName} = ${list};`;
    const broken = `export type ${typeName} =\n  | ${list.replaceAll(' | ', '\n  | ')};`;
    return `${line.length > lineMax ? broken : line}\n`;
  });
  return [head, ...words, ...objects().map(typeDeclaration)].join('\n');
}

// ---- docs/configuration.md ----

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|');
}

/** @param {ObjectNode} node */
function section(node) {
  const rows = Object.entries(node.fields).map(([key, field]) => {
    const nullText = field.nullMeans === null ? '' : ` \`null\`: ${field.nullMeans}.`;
    const reason = field.default === null ? '' : field.default.reason;
    const cells = [`\`${key}\``, kindText(field.node), defaultText(field), reason];
    return `| ${[...cells, field.about + nullText].map(cell).join(' | ')} |`;
  });
  const table = [
    '| key | type and range | default | why this default | what it does |',
    '|---|---|---|---|---|',
  ];
  return `## ${node.typeName}\n\n${node.about}\n\n${[...table, ...rows].join('\n')}\n`;
}

function overridesSection() {
  const rows = overrides.map((/** @type {Override} */ { env, flag, key, about }) => {
    const cells = [`\`${env}\``, flag === null ? '' : `\`--${flag}\``, `\`${key}\``, about];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  return `## Environment and flags

A flag wins over a variable, a variable over the file. An empty variable counts as not set.

| variable | flag | key | value |
|---|---|---|---|
| \`WEFT_CONFIG\` | \`--config\` | | the file to read |
${rows.join('\n')}
`;
}

function configurationDoc() {
  const intro = readFileSync(join(root, 'scripts/configuration-intro.md'), 'utf8');
  const note =
    '<!-- Generated by scripts/generate-config.mjs from lib/config/schema.ts; do not edit. -->\n';
  return [note + intro, overridesSection(), ...objects().map(section)].join('\n');
}

// ---- write or compare ----

const outputs = [
  { path: 'lib/config/user-config.ts', text: userConfigSource() },
  { path: 'docs/configuration.md', text: configurationDoc() },
];
/** @param {string} path */
const current = (path) => {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
};
const stale = outputs.filter(({ path, text }) => current(path) !== text);
if (process.argv.includes('--check')) {
  for (const { path } of stale) {
    process.stderr.write(
      `${path} is stale. Run: npm run build:ts && node scripts/generate-config.mjs\n`,
    );
  }
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const { path, text } of stale) {
    writeFileSync(join(root, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
