// The chart of the README: one small bar chart for each figure that matters, smaller is better.
// Colours are chosen by the reader's theme inside the SVG; text has one grey that reads on both.

import { medianOf } from './figures.ts';
import type { Metric, RowName } from './rows.ts';
import type { Run } from './run.ts';
import { show } from './table.ts';

interface Panel {
  readonly row: RowName;
  readonly metric: Metric;
  readonly title: string;
  readonly unit: string;
}

const panels: readonly Panel[] = [
  { row: 'ping-pong-50', metric: 'cpuPerUnit', title: 'CPU, 64 B round trip', unit: 'µs' },
  { row: 'bulk-8', metric: 'cpuPerUnit', title: 'CPU, bulk', unit: 's/GiB' },
  { row: 'connect', metric: 'cpuPerUnit', title: 'CPU, new connection', unit: 'µs' },
  { row: 'latency', metric: 'p50Us', title: 'Latency p50, fixed rate', unit: 'µs' },
  { row: 'memory', metric: 'pairBytes', title: 'Memory, idle pair', unit: 'B' },
  { row: 'start', metric: 'startMs', title: 'Start to first byte', unit: 'ms' },
];

const panelWidth = 400;
const barHeight = 18;
const barGap = 6;
const labelWidth = 108;
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

interface Bar {
  readonly peer: string;
  readonly kind: string;
  readonly value: number;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function barsOf(run: Run, panel: Panel): Bar[] {
  const result = run.results.get(panel.row);
  return run.peers
    .map(({ name, kind }) => ({ peer: name, kind, value: medianOf(result, name, panel.metric) }))
    .filter(({ value }) => Number.isFinite(value));
}

function drawPanel(panel: Panel, bars: readonly Bar[], x: number, y: number): string {
  const largest = Math.max(...bars.map(({ value }) => value));
  const room = panelWidth - labelWidth - valueWidth;
  const parts = [
    `<text class="title" x="${x}" y="${y + 16}">${escapeText(panel.title)} (${panel.unit})</text>`,
  ];
  bars.forEach(({ peer, kind, value }, i) => {
    const top = y + titleHeight + i * (barHeight + barGap);
    const width = Math.max(1, (Math.max(0, value) / largest) * room);
    const own = kind === 'weft';
    const fill = own ? 'weft' : kind === 'competitor' ? 'other' : 'floor';
    const middle = top + barHeight - 5;
    const left = x + labelWidth;
    const text = own ? ' class="own"' : '';
    parts.push(
      `<text${text} x="${x}" y="${middle}">${escapeText(peer)}</text>`,
      `<rect class="${fill}" x="${left}" y="${top}" width="${width.toFixed(1)}" ` +
        `height="${barHeight}" rx="2"/>`,
      `<text${text} x="${(left + width + 6).toFixed(1)}" y="${middle}">${show(value)}</text>`,
    );
  });
  return parts.join('\n');
}

export function drawChart(run: Run): string {
  const drawn = panels
    .map((panel) => ({ panel, bars: barsOf(run, panel) }))
    .filter(({ bars }) => bars.length > 0);
  const parts: string[] = [];
  let y = margin;
  for (let i = 0; i < drawn.length; i += 2) {
    const line = drawn.slice(i, i + 2);
    line.forEach(({ panel, bars }, column) => {
      parts.push(drawPanel(panel, bars, margin + column * (panelWidth + margin), y));
    });
    const rows = Math.max(...line.map(({ bars }) => bars.length));
    y += titleHeight + rows * (barHeight + barGap) + margin;
  }
  const { machine, date } = run.provenance;
  const footer = `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${date.slice(0, 10)}. Smaller is better.`;
  parts.push(`<text x="${margin}" y="${y + 14}">${escapeText(footer)}</text>`);
  const width = 2 * panelWidth + 3 * margin;
  const height = y + 14 + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="Weft and other TCP proxies">`,
    `<style>${style}\n</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
