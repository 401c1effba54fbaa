// Small bar charts side by side, one for each figure that matters, smaller is better. Colours are chosen by
// the reader's theme inside the SVG; text has one grey that reads on both.

import { type Machine, quietLoadAverage } from './machine.ts';

export interface Bar {
  readonly name: string;
  // weft and floor have colours of their own.
  readonly kind: string;
  readonly value: number;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const panelWidth = 400;
const barHeight = 18;
const barGap = 6;
const labelWidth = 120;
const valueWidth = 84;
const titleHeight = 34;
const margin = 16;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #59636e }
  .title { font-weight: 600 }
  .weft { fill: #0969da }
  .floor { fill: #afb8c1 }
  .other { fill: #8c959f }
  .own { font-weight: 600; fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .weft, .own { fill: #4493f8 }
    .floor { fill: #3d444d }
    .other { fill: #656c76 }
  }`;

// Three significant digits, thousands with separators, a dash for what was not measured.
export function show(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  if (size === 0) return '0';
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function drawPanel({ title, unit, bars }: Panel, x: number, y: number): string {
  const largest = Math.max(...bars.map(({ value }) => value));
  const room = panelWidth - labelWidth - valueWidth;
  const parts = [
    `<text class="title" x="${x}" y="${y + 16}">${escapeText(title)} (${unit})</text>`,
  ];
  bars.forEach(({ name, kind, value }, i) => {
    const top = y + titleHeight + i * (barHeight + barGap);
    const width = Math.max(1, (Math.max(0, value) / largest) * room);
    const own = kind === 'weft';
    const fill = own ? 'weft' : kind === 'competitor' ? 'other' : 'floor';
    const middle = top + barHeight - 5;
    const left = x + labelWidth;
    const text = own ? ' class="own"' : '';
    parts.push(
      `<text${text} x="${x}" y="${middle}">${escapeText(name)}</text>`,
      `<rect class="${fill}" x="${left}" y="${top}" width="${width.toFixed(1)}" ` +
        `height="${barHeight}" rx="2"/>`,
      `<text${text} x="${(left + width + 6).toFixed(1)}" y="${middle}">${show(value)}</text>`,
    );
  });
  return parts.join('\n');
}

/** Panels without bars are left out. `label` is what the chart is, for those who cannot see it. */
export function drawPanels(
  panels: readonly Panel[],
  label: string,
  { machine, date }: { readonly machine: Machine; readonly date: string },
): string {
  const drawn = panels.filter(({ bars }) => bars.length > 0);
  const parts: string[] = [];
  let y = margin;
  for (let i = 0; i < drawn.length; i += 2) {
    const line = drawn.slice(i, i + 2);
    line.forEach((panel, column) => {
      parts.push(drawPanel(panel, margin + column * (panelWidth + margin), y));
    });
    const rows = Math.max(...line.map(({ bars }) => bars.length));
    y += titleHeight + rows * (barHeight + barGap) + margin;
  }
  const busy =
    machine.loadAverage > quietLoadAverage ? ` Taken at load average ${machine.loadAverage}.` : '';
  const footer = `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${date.slice(0, 10)}. Smaller is better.${busy}`;
  parts.push(`<text x="${margin}" y="${y + 14}">${escapeText(footer)}</text>`);
  const width = 2 * panelWidth + 3 * margin;
  const height = y + 14 + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(label)}">`,
    `<style>${style}\n</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
