// The question whether this tab is to have the identity of a command-line client. Loaded when it is asked: few visitors ever see it.

import { readSettings } from '../settings/settings.ts';
import { keptSettings } from '../settings/store.ts';
import { languageFor, speak, texts } from '../texts.ts';

/** The browser's own dialog, which waits and which nothing on the page can cover. In a frame of another site the answer is no. */
export function askForHandedId(): boolean {
  speak(languageFor(readSettings(keptSettings.get()).language, navigator.languages));
  return confirm(texts.handed);
}
