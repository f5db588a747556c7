// Which colours the page has. Pure.

import type { Settings } from './settings.ts';

export type Scheme = 'dark' | 'light' | 'contrast';

export type SystemPreferences = { light: boolean; contrast: boolean };

/** What all the rest is on: as in style.css. */
export const grounds: Record<Scheme, string> = { dark: '#14171c', light: '#fbfaf8', contrast: '#000000' };

/** What is set, or what the system prefers where that decides. */
export function schemeFor(theme: Settings['theme'], system: SystemPreferences): Scheme {
  if (theme !== 'system') return theme;
  if (system.contrast) return 'contrast';
  return system.light ? 'light' : 'dark';
}
