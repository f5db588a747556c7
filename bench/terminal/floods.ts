// The output for throughput measurements: plain text, coloured text, and a wide screen that is redrawn as top does.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const floods = ['plain', 'coloured', 'redraw'] as const;
export type Flood = (typeof floods)[number];

export const floodMB: Record<Flood, number> = { plain: 32, coloured: 16, redraw: 16 };
const screen = { cols: 200, rows: 50 };

/** Writes one file for each into `directory`. None contains an upper-case Z or a text like a prompt. */
export function writeFloods(directory: string): Record<Flood, string> {
  const unit = { plain: plainText(), coloured: colouredText(), redraw: redraws() };
  return Object.fromEntries(
    floods.map((flood) => {
      const path = join(directory, `flood-${flood}`);
      const times = Math.ceil((floodMB[flood] * 1e6) / Buffer.byteLength(unit[flood]));
      writeFileSync(path, unit[flood].repeat(times));
      return [flood, path];
    }),
  ) as Record<Flood, string>;
}

const words = 'the quick brown fox jumps over a lazy dog and runs home '.split(' ');
const word = (at: number) => words[(at * 7919) % words.length];
const line = (at: number, paint: (text: string, index: number) => string) =>
  Array.from({ length: 14 }, (_, index) => paint(`${word(at + index)}${(at * 31 + index) % 97}`, index)).join(' ');

const plainText = () => Array.from({ length: 1_000 }, (_, at) => `${line(at, (text) => text)}\n`).join('');

const colouredText = () =>
  Array.from({ length: 1_000 }, (_, at) => {
    const paint = (text: string, index: number) => `\x1b[${index % 2};${31 + ((at + index) % 7)}m${text}\x1b[0m`;
    return `${line(at, paint)}\n`;
  }).join('');

function redraws(): string {
  const frames = Array.from({ length: 40 }, (_, frame) => {
    const rows = Array.from({ length: screen.rows - 2 }, (_, row) => {
      const cells = Array.from({ length: 12 }, (_, cell) => {
        const number = (frame * 7 + row * 13 + cell * 29) % 1_000;
        return `\x1b[38;5;${16 + (number % 216)}m${String(number).padStart(8)}\x1b[39m`;
      });
      return `\x1b[${row + 1};1H\x1b[K${cells.join('')} ${word(row + frame)}`;
    });
    return `\x1b[H${rows.join('')}`;
  });
  return frames.join('');
}
