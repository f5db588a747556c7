// xterm.js in a real Chromium, with the addons and options of our page only. Tests read how a terminal's bytes
// appear in its cells.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';

const require = createRequire(import.meta.url);
const script = (name: string, file: string) =>
  readFileSync(join(dirname(require.resolve(`${name}/package.json`)), 'lib', file), 'utf8');

async function widths(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../frontend/terminal/widths.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'widths',
    write: false,
  });
  return outputFiles[0]!.text;
}

/** Opens a terminal of this size. The caller closes `browser`. */
export async function openXterm(browser: Browser, size: { cols: number; rows: number }) {
  const page = await browser.newPage();
  await page.setContent('<div id="terminal"></div>');
  await page.addScriptTag({ content: script('@xterm/xterm', 'xterm.js') });
  await page.addScriptTag({ content: await widths() });
  await page.evaluate(`{
    const terminal = new Terminal({ allowProposedApi: true, scrollback: 0, ...${JSON.stringify(size)} });
    widths.useTmuxWidths(terminal);
    terminal.open(document.getElementById('terminal'));
    globalThis.terminal = terminal;
  }`);
  let written: Promise<unknown> = Promise.resolve();
  return {
    write(bytes: Buffer): void {
      const encoded = JSON.stringify(bytes.toString('base64'));
      written = written.then(() =>
        page.evaluate(`new Promise((done) => {
          terminal.write(Uint8Array.from(atob(${encoded}), (character) => character.charCodeAt(0)), done);
        })`),
      );
    },
    /** The rows of the screen without trailing blanks, once all written bytes are parsed. */
    async rows(): Promise<string[]> {
      await written;
      return page.evaluate<string[]>(`Array.from({ length: terminal.rows }, (_, row) =>
        terminal.buffer.active.getLine(terminal.buffer.active.baseY + row).translateToString(true).trimEnd())`);
    },
    /** The column of `character` in a row, from 0; -1 if absent. */
    async columnOf(row: number, character: string): Promise<number> {
      await written;
      return page.evaluate<number>(`{
        const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + ${row});
        Array.from({ length: terminal.cols }, (_, column) => line.getCell(column).getChars()).indexOf(${JSON.stringify(character)});
      }`);
    },
  };
}
