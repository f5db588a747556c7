// The logo of this installation, where it has one. A picture that does not load leaves nothing behind.

import { logoUrl } from '../brand.ts';
import { element } from './element.ts';

/** `name`: what a screen reader says; empty where the name stands beside it. */
export function createLogo(name: string): Node[] {
  if (logoUrl === undefined) return [];
  const picture = element('img', { class: 'logo', src: logoUrl, alt: name });
  picture.addEventListener('error', () => picture.remove());
  return [picture];
}
