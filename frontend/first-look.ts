// Runs before anything is painted, which is why it is a script of its own, and a small one: the first frame has the colours
// that were chosen in this browser, even when the system prefers others.

import { systemPreferences } from './settings/appearance.ts';
import { schemeFor } from './settings/scheme.ts';
import { readSettings } from './settings/settings.ts';
import { keptSettings } from './settings/store.ts';
import { wear } from './settings/wear.ts';

wear(schemeFor(readSettings(keptSettings.get()).theme, systemPreferences()));
