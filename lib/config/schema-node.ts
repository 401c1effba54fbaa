// The kinds of values that a configuration is made of. A schema is data: check/shape.ts walks it, the
// generator of docs/configuration.md and of user-config.ts prints it.

import type { Default } from './defaults.ts';

export type SchemaNode =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  /** With at most two decimal places. */
  | { readonly kind: 'decimal'; readonly min: number; readonly max: number }
  /** `stepMs`: the kernel counts this one in whole steps. */
  | DurationNode
  | { readonly kind: 'size'; readonly minBytes: number; readonly maxBytes: number }
  | WordNode
  | { readonly kind: 'name' }
  | TextNode
  | { readonly kind: 'mode' }
  /** One port or two with a dash between them. */
  | { readonly kind: 'ports' }
  /** A host name, or the end of one behind `*.`. */
  | { readonly kind: 'serverName' }
  /** An IP address with or without the length of a prefix. */
  | { readonly kind: 'network' }
  /** A listener may have port 0: the kernel chooses. An endpoint may be a host name with a port. */
  | { readonly kind: 'address'; readonly use: 'listen' | 'endpoint' }
  /** A number with a fraction. */
  | { readonly kind: 'share' }
  /** One of the words, or an absolute path. */
  | { readonly kind: 'file'; readonly words: readonly string[] }
  /** One of the words, or a text with names of fields in braces (lib/base/template.ts). */
  | {
      readonly kind: 'template';
      readonly words: readonly string[];
      readonly fields: readonly string[];
    }
  /** Original destinations (lib/base/destination.ts). */
  | { readonly kind: 'destination' }
  /** An IP address, with a port or without. */
  | { readonly kind: 'nameServer' }
  | { readonly kind: 'list'; readonly item: SchemaNode }
  /** An object whose keys are names that the user chooses. */
  | { readonly kind: 'map'; readonly keyWord: string; readonly item: ObjectNode }
  | ObjectNode
  /** A short form (text) or the long one. */
  | { readonly kind: 'either'; readonly short: SchemaNode; readonly long: ObjectNode };

export interface TextNode {
  readonly kind: 'text';
  /** What it is: a path of a URL, the name or the value of a field of HTTP, or anything. */
  readonly grammar: 'any' | 'path' | 'fieldName' | 'fieldValue';
  readonly charsMax: number;
}

export interface WordNode {
  readonly kind: 'word';
  /** Name of the TypeScript type that is generated for the words. */
  readonly typeName: string;
  readonly words: readonly string[];
}

export interface DurationNode {
  readonly kind: 'duration';
  readonly minMs: number;
  readonly maxMs: number;
  readonly stepMs: number;
}

export interface ObjectNode {
  readonly kind: 'object';
  /** Name of the TypeScript type that is generated for it. */
  readonly typeName: string;
  readonly about: string;
  readonly fields: Readonly<Record<string, Field>>;
}

export interface Field {
  readonly node: SchemaNode;
  readonly about: string;
  /** What null means; `null` when it is not allowed. */
  readonly nullMeans: string | null;
  /** `null`: the key is required, or its parts have defaults of their own. */
  readonly default: Default<unknown> | null;
  readonly required: boolean;
  /** Shown for a missing key, in the form of TypeScript. */
  readonly example: string;
}

interface FieldOptions {
  readonly nullMeans?: string;
  readonly default?: Default<unknown>;
}

/** A key that must be there. */
export function required(about: string, node: SchemaNode, example: string): Field {
  return { node, about, nullMeans: null, default: null, required: true, example };
}

/** A key that may be left out. */
export function optional(about: string, node: SchemaNode, options: FieldOptions = {}): Field {
  const { nullMeans = null, default: value = null } = options;
  return { node, about, nullMeans, default: value, required: false, example: '' };
}

export function object(
  typeName: string,
  about: string,
  fields: Readonly<Record<string, Field>>,
): ObjectNode {
  return { kind: 'object', typeName, about, fields };
}

export function duration(minMs: number, maxMs: number, stepMs = 1): DurationNode {
  return { kind: 'duration', minMs, maxMs, stepMs };
}

export function oneOf(typeName: string, words: readonly string[]): WordNode {
  return { kind: 'word', typeName, words };
}
