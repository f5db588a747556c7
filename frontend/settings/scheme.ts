// Which colours the page has. Pure.

import type { Settings } from './settings.ts';

export type Scheme = 'dark' | 'light' | 'contrast';

/** What is set, or what the system prefers where that decides. */
export function schemeFor(theme: Settings['theme'], system: { light: boolean; contrast: boolean }): Scheme {
  if (theme !== 'system') return theme;
  if (system.contrast) return 'contrast';
  return system.light ? 'light' : 'dark';
}
