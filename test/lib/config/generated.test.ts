import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { schema } from '../../../lib/config/schema.ts';
import type { ObjectNode, SchemaNode } from '../../../lib/config/schema-node.ts';
import { repoRoot } from './support.ts';

const built = fileURLToPath(new URL('../../../lib', import.meta.url));

test('docs/configuration.md and user-config.ts are what the schema says', () => {
  const args = ['scripts/generate-config.mjs', '--check', '--from', built];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: repoRoot, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

function fieldsOf(node: SchemaNode): string[] {
  switch (node.kind) {
    case 'object':
      return Object.entries(node.fields).flatMap(([key, field]) => {
        const own = `${node.typeName}.${key}`;
        return [own, ...fieldsOf(field.node)];
      });
    case 'map':
    case 'list':
      return fieldsOf(node.item);
    case 'either':
      return [...fieldsOf(node.short), ...fieldsOf(node.long)];
    default:
      return [];
  }
}

function objectsOf(node: SchemaNode): ObjectNode[] {
  switch (node.kind) {
    case 'object':
      return [node, ...Object.values(node.fields).flatMap((field) => objectsOf(field.node))];
    case 'map':
    case 'list':
      return objectsOf(node.item);
    case 'either':
      return objectsOf(node.long);
    default:
      return [];
  }
}

test('every key says what it does, and every optional one has a default with a reason', () => {
  const fields = fieldsOf(schema);
  assert.ok(fields.length > 40, `${fields.length} keys seen`);
  for (const node of objectsOf(schema)) {
    for (const [key, field] of Object.entries(node.fields)) {
      const path = `${node.typeName}.${key}`;
      assert.match(field.about, /^[A-Z].*\.$/s, path);
      assert.equal(field.required && field.example === '', false, path);
      if (!field.required && field.node.kind !== 'object') {
        assert.ok(field.default !== null && field.default.reason.length > 10, path);
      }
    }
  }
});
