// Colours of the terminal. Each of the sixteen reads on its background (WCAG AA; AAA with high contrast), but for those
// that are meant to be near it. style.css has those of the page around it.

import type { ITheme } from '@xterm/xterm';
import { grounds, type Scheme } from '../settings/scheme.ts';

const dark: ITheme = {
  background: grounds.dark,
  foreground: '#dfe2e6',
  cursor: '#f0a35e',
  cursorAccent: '#14171c',
  selectionBackground: '#3d5a80aa',
  black: '#3b4048',
  red: '#f2777a',
  green: '#8fc97f',
  yellow: '#e8c06a',
  blue: '#7db1ef',
  magenta: '#cf9be0',
  cyan: '#6cc7c9',
  white: '#c8ccd2',
  brightBlack: '#8a919c',
  brightRed: '#ff9a98',
  brightGreen: '#addf9f',
  brightYellow: '#f7d990',
  brightBlue: '#a3cbfa',
  brightMagenta: '#e2bcf0',
  brightCyan: '#95e0e0',
  brightWhite: '#ffffff',
};

const light: ITheme = {
  background: grounds.light,
  foreground: '#24282e',
  cursor: '#b4541a',
  cursorAccent: '#fbfaf8',
  selectionBackground: '#b9d3f0aa',
  black: '#24282e',
  red: '#b3262e',
  green: '#2f7030',
  yellow: '#7f5a00',
  blue: '#1d5fae',
  magenta: '#87379c',
  cyan: '#066b73',
  white: '#6b7178',
  brightBlack: '#5f666e',
  brightRed: '#c7323a',
  brightGreen: '#37803a',
  brightYellow: '#8f6600',
  brightBlue: '#2a6fc4',
  brightMagenta: '#9a45b0',
  brightCyan: '#0b7a83',
  brightWhite: '#24282e',
};

const contrast: ITheme = {
  background: grounds.contrast,
  foreground: '#ffffff',
  cursor: '#ffd400',
  cursorAccent: '#000000',
  selectionBackground: '#ffd400',
  selectionForeground: '#000000',
  black: '#000000',
  red: '#ff8080',
  green: '#5fff5f',
  yellow: '#ffe95c',
  blue: '#9cc7ff',
  magenta: '#ff9cff',
  cyan: '#5ffbff',
  white: '#ffffff',
  brightBlack: '#c4c4c4',
  brightRed: '#ffa8a8',
  brightGreen: '#9cff9c',
  brightYellow: '#fff3a3',
  brightBlue: '#c2dcff',
  brightMagenta: '#ffc2ff',
  brightCyan: '#a3fdff',
  brightWhite: '#ffffff',
};

export const themes: Record<Scheme, ITheme> = { dark, light, contrast };
