// The chart of `npm run simulate`: for each trace, hit rate against idle terminals; a line through the numbers, one
// through the percentages, a point for auto, and one for each setting with windows. SVG written by hand; its colours suit
// a light and a dark page.

import type { Outcome } from './simulation.ts';

export type Result = Outcome & { trace: string; spare: string };

const panel = { width: 460, height: 300, left: 64, right: 20, top: 48, bottom: 48 };
const columns = 2;
const kinds = ['number', 'percentage', 'auto', 'windows'] as const;
const colours = {
  number: '#5b7fb5',
  percentage: '#4e9a5b',
  auto: '#d0602a',
  windows: '#8b5fb5',
  text: '#7a828c',
  grid: '#8884',
};
// The scale is the share of visitors who waited, so that 99 % and 99.9 % are as far apart as 90 % and 99 %.
const misses = [1, 0.1, 0.01, 0.001];
const fewest = 0.0003;

export function drawChart(results: readonly Result[]): string {
  const traces = [...new Set(results.map(({ trace }) => trace))];
  const [width, height] = [columns * panel.width, Math.ceil(traces.length / columns) * panel.height + 24];
  const panels = traces.map((trace, index) => {
    const at = `translate(${(index % columns) * panel.width} ${24 + Math.floor(index / columns) * panel.height})`;
    return `<g transform="${at}">${drawPanel(
      trace,
      results.filter((result) => result.trace === trace),
    )}</g>`;
  });
  const legend = kinds.map((kind, index) => {
    const x = panel.left + index * 150;
    return `<circle cx="${x}" cy="16" r="4" fill="${colours[kind]}"/>${text(x + 10, 20, `spare: ${words[kind]}`)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '<title>Hit rate against idle terminals, for fixed, percentage and automatic spares</title>',
    ...legend,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

const words = { number: 'a number', percentage: 'a percentage', auto: 'auto', windows: 'with windows' };
const kindOf = (spare: string) => {
  if (spare.endsWith('windows')) return 'windows';
  return spare === 'auto' ? 'auto' : spare.endsWith('%') ? 'percentage' : 'number';
};

function drawPanel(trace: string, results: readonly Result[]): string {
  // Twice the minimum is enough on the right: the interesting part is on the left.
  const idles = results.map(({ meanIdle }) => meanIdle);
  const most = Math.min(Math.max(...idles), 2 * Math.min(...idles));
  const step = [1, 2, 5, 10, 20, 50, 100].find((size) => most / size <= 6) ?? 200;
  const end = Math.ceil(most / step) * step;
  const [inner, depth] = [panel.width - panel.left - panel.right, panel.height - panel.top - panel.bottom];
  const x = (idle: number) => round(panel.left + (idle / end) * inner);
  const y = (missed: number) => round(panel.top + depth * (1 - Math.log(Math.max(missed, fewest)) / Math.log(fewest)));
  const bottom = panel.top + depth;
  const parts = [`<text x="${panel.left}" y="${panel.top - 18}" font-size="14" fill="${colours.text}">${trace}</text>`];
  for (const missed of misses) {
    parts.push(line(x(0), y(missed), x(end), y(missed), colours.grid));
    parts.push(text(panel.left - 8, y(missed) + 4, `${round((1 - missed) * 100)} %`, 'end'));
  }
  parts.push(text(panel.left - 8, y(0) + 4, '100 %', 'end'));
  for (let idle = 0; idle <= end; idle += step) parts.push(text(x(idle), bottom + 18, String(idle), 'middle'));
  parts.push(text(panel.left + inner / 2, bottom + 36, 'terminals idle, on average', 'middle'));
  for (const kind of kinds) {
    const points = results.filter(({ spare, meanIdle }) => kindOf(spare) === kind && meanIdle <= end);
    const path = points.map(({ meanIdle, hitRate }) => `${x(meanIdle)},${y(1 - hitRate)}`).join(' ');
    if (kind !== 'windows')
      parts.push(`<polyline points="${path}" fill="none" stroke="${colours[kind]}" stroke-opacity="0.5"/>`);
    for (const { spare, meanIdle, hitRate } of points) {
      const radius = kind === 'auto' || kind === 'windows' ? 6 : 3;
      const about = `spare ${spare}: ${(hitRate * 100).toFixed(2)} % at once, ${meanIdle.toFixed(1)} idle`;
      const place = `cx="${x(meanIdle)}" cy="${y(1 - hitRate)}" r="${radius}"`;
      parts.push(`<circle ${place} fill="${colours[kind]}"><title>${about}</title></circle>`);
    }
  }
  return parts.join('\n');
}

const round = (value: number): number => Number(value.toFixed(1));
const line = (x1: number, y1: number, x2: number, y2: number, stroke: string) =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}"/>`;
const text = (x: number, y: number, content: string, anchor = 'start') =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colours.text}">${content}</text>`;
