// Pictures of the page, for people to look at: CI keeps the folder. No test compares them, fonts differ too much.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const folder = fileURLToPath(new URL('../../screenshots/', import.meta.url));

/** Saves what the page shows as `screenshots/<name>.png`, with everything that moves at its end. */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled', caret: 'initial' });
}
