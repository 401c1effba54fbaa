// A line format of the user's: text with the names of fields in braces, `{endpoint} took {durationUs}`. A brace that
// is meant is written twice. Checked when it is read, so that writing a line cannot fail.

import { nearestWord } from './nearest-word.ts';
import { bad, good, type Parsed } from './parsed.ts';

export type TemplatePart =
  | { readonly text: string }
  /** One of the fields that the template was checked against. */
  | { readonly field: string };

const token = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

export function parseTemplate(
  text: string,
  fields: readonly string[],
): Parsed<readonly TemplatePart[]> {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    const [found, name] = match;
    if (match.index > from) {
      parts.push({ text: text.slice(from, match.index) });
    }
    from = match.index + found.length;
    if (name !== undefined) {
      if (!fields.includes(name)) {
        return bad('bad-template', `there is no field {${name}}`, fieldHint(name, fields));
      }
      parts.push({ field: name });
    } else if (found.length === 2) {
      parts.push({ text: found.charAt(0) });
    } else {
      const hint = `Write a field as {${fields[0]}}, and a brace that is meant twice: ${found}${found}.`;
      return bad('bad-template', `'${found}' stands alone at character ${match.index + 1}`, hint);
    }
  }
  if (from < text.length) {
    parts.push({ text: text.slice(from) });
  }
  return parts.some((part) => 'field' in part)
    ? good(parts)
    : bad('bad-template', 'expected at least one field in braces', `Fields: ${fields.join(', ')}.`);
}

/** The line of some values, without its end; `-` stands for what is not there. One line, whatever a value contains. */
export function renderTemplate(
  parts: readonly TemplatePart[],
  values: Readonly<Record<string, string | number | null>>,
): string {
  let line = '';
  for (const part of parts) {
    line += 'text' in part ? part.text : escapeControls(String(values[part.field] ?? '-'));
  }
  return line;
}

/** A unix path may contain a line feed, which would let a peer write lines of its own. */
function escapeControls(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through.
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function fieldHint(name: string, fields: readonly string[]): string {
  const nearest = nearestWord(name, fields);
  return nearest === null ? `Fields: ${fields.join(', ')}.` : `Did you mean {${nearest}}?`;
}
