// Keeps the settings in this browser. All of its tabs follow a change at once.

import { keyHere, stored } from '../session/storage.ts';
import { readSettings, type Settings, valid, writeSettings } from './settings.ts';

export type SettingsStore = {
  now: () => Settings;
  /** Changes what is valid of it, here and in all other tabs, and keeps it. */
  change: (change: Partial<Settings>) => void;
  /** Calls `listener` at once and after each change. */
  follow: (listener: (settings: Settings, before: Settings | undefined) => void) => void;
};

const name = 'warmterm-settings';

/** What is kept of the settings, as text. */
export const keptSettings = stored(name, 'browser');

export function createSettings(): SettingsStore {
  const kept = keptSettings;
  const listeners: ((settings: Settings, before: Settings) => void)[] = [];
  let settings = readSettings(kept.get());

  function become(next: Settings): void {
    const before = settings;
    settings = next;
    for (const listener of listeners) listener(settings, before);
  }

  addEventListener('storage', (event) => {
    // Without a key: everything was cleared.
    if (event.key === keyHere(name) || event.key === null) become(readSettings(kept.get()));
  });

  return {
    now: () => settings,
    change(change) {
      const next = { ...settings, ...valid(change) };
      kept.set(writeSettings(next));
      become(next);
    },
    follow(listener) {
      listeners.push(listener);
      listener(settings, undefined);
    },
  };
}
