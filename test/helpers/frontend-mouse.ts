// What tests of the mouse share: where a text is on the screen, and what the page copies and opens.

import type { Page } from 'playwright-core';
import { waitForScreen } from './frontend-browser.ts';

/**
 * Records copies in `window.copied`, and addresses of opened tabs in `window.opened`. Browsers write to the clipboard only in pages that
 * came by HTTPS or from the same machine.
 */
export const recorder = `window.copied = [];
  window.opened = [];
  window.open = (uri) => void window.opened.push(uri);
  const writeText = async (text) => void window.copied.push(text);
  Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true }); undefined`;

/** In pixels. */
export type Point = readonly [x: number, y: number];

/** `box`: of the screen, in pixels. `size`: of the screen, in cells. */
export type Grid = {
  box: { x: number; y: number; width: number; height: number };
  size: { rows: number; columns: number };
};

/** The last place of `text` on the screen: row and column, counted from 1, and the middle of its first and of its last cell. */
export async function findOnScreen(page: Page, { box, size }: Grid, text: string) {
  const shown = (await waitForScreen(page, text)).split('\n');
  const row = shown.findLastIndex((line) => line.includes(text));
  const column = shown[row]!.indexOf(text);
  const cell = (at: number): Point => [
    box.x + ((at + 0.5) * box.width) / size.columns,
    box.y + ((row + 0.5) * box.height) / size.rows,
  ];
  return { row: row + 1, column: column + 1, from: cell(column), to: cell(column + text.length - 1) };
}

/** Presses the left button at `from`, and releases it at `to`. */
export async function drag(page: Page, from: Point, to: Point): Promise<void> {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 4 });
  await page.mouse.up();
}
