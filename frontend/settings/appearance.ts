// How the page is to look: what is set, and what the system prefers where that decides.

import { type Scheme, type SystemPreferences, schemeFor } from './scheme.ts';
import type { SettingsStore } from './store.ts';

/** `still`: nothing is to move or blink. */
export type Appearance = { scheme: Scheme; still: boolean };

export type AppearanceWatch = {
  now: () => Appearance;
  /** Calls `listener` at once, and whenever a setting or a preference of the system has changed. */
  follow: (listener: (appearance: Appearance) => void) => void;
};

const lightQuery = '(prefers-color-scheme: light)';
const contrastQuery = '(prefers-contrast: more)';

/** What the system prefers right now. */
export const systemPreferences = (): SystemPreferences => ({
  light: matchMedia(lightQuery).matches,
  contrast: matchMedia(contrastQuery).matches,
});

export function watchAppearance(settings: SettingsStore): AppearanceWatch {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const preferences = [matchMedia(lightQuery), matchMedia(contrastQuery), still];
  const now = () => ({ scheme: schemeFor(settings.now().theme, systemPreferences()), still: still.matches });
  return {
    now,
    follow(listener) {
      const tell = () => listener(now());
      for (const preference of preferences) preference.addEventListener('change', tell);
      settings.follow(tell);
    },
  };
}
