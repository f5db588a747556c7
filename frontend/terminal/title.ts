// The tab's title, from the shell, or while there is none yet. Pure.

import { product } from '../brand.ts';
import { texts } from '../texts.ts';

const maxLength = 100;

/** A title that fits a tab: one line, not too long, and the product's name where the shell says nothing. */
export function pageTitle(fromShell: string): string {
  const line = fromShell.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  if (line === '') return product;
  const characters = [...line];
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join('')}…`;
}

/** The title while the page waits in line: seen from another tab too. */
export const queueTitle = ({ place }: { place: number }): string => `${texts.queue.short(place)} · ${product}`;
