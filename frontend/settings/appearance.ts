// How the page is to look: what is set, and what the system prefers where that decides.

import { type Scheme, schemeFor } from './scheme.ts';
import type { SettingsStore } from './store.ts';

/** `still`: nothing is to move or blink. */
export type Appearance = { scheme: Scheme; still: boolean };

export type AppearanceWatch = {
  now: () => Appearance;
  /** Calls `listener` at once, and whenever a setting or a preference of the system has changed. */
  follow: (listener: (appearance: Appearance) => void) => void;
};

export function watchAppearance(settings: SettingsStore): AppearanceWatch {
  const light = matchMedia('(prefers-color-scheme: light)');
  const contrast = matchMedia('(prefers-contrast: more)');
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const now = () => ({
    scheme: schemeFor(settings.now().theme, { light: light.matches, contrast: contrast.matches }),
    still: still.matches,
  });
  return {
    now,
    follow(listener) {
      const tell = () => listener(now());
      for (const preference of [light, contrast, still]) preference.addEventListener('change', tell);
      settings.follow(tell);
    },
  };
}
