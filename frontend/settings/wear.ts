// Puts the page into the colours of a scheme; style.css has them all.

import { grounds, type Scheme } from './scheme.ts';

export function wear(scheme: Scheme): void {
  document.documentElement.dataset.theme = scheme;
  say('theme-color', grounds[scheme]);
  // What the browser itself paints: the ground before there is anything on it, scroll bars, the lists of menus.
  say('color-scheme', scheme === 'light' ? 'light' : 'dark');
}

function say(name: string, content: string): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>(`meta[name="${name}"]`)) meta.content = content;
}
