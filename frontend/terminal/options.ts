// What the settings mean to xterm.js. Pure.

import type { ITerminalOptions } from '@xterm/xterm';
import type { Appearance } from '../settings/appearance.ts';
import type { Settings } from '../settings/settings.ts';
import { themes } from './theme.ts';

const fonts = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

// Programs choose colours for another screen than this one, and must still be legible (WCAG AA; AAA where asked for).
const contrasts = { dark: 4.5, light: 4.5, contrast: 7 } as const;

export const terminalOptions = (settings: Settings, { scheme, still }: Appearance): ITerminalOptions => ({
  theme: themes[scheme],
  minimumContrastRatio: contrasts[scheme],
  fontSize: settings.fontSize,
  fontFamily: settings.fontFamily === '' ? fonts : `"${settings.fontFamily}", ${fonts}`,
  cursorStyle: settings.cursorStyle,
  cursorBlink: settings.cursorBlink && !still,
  screenReaderMode: settings.screenReader,
});
