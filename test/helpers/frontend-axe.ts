// Runs axe-core in a page.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// WCAG 2.2 A and AA, and the best practices of axe.
const options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };

type Found = { violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] };

/** The violations that axe finds in the page, one line each; empty if there are none. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // Inject it by the debugger, which ignores the page's Content-Security-Policy.
  await page.evaluate(`if (!('axe' in window)) { ${source} }`);
  const { violations } = await page.evaluate<Found>(`axe.run(document, ${JSON.stringify(options)})`);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id} (${help}): ${html.slice(0, 200)} ${failureSummary}`),
  );
}
