// The page's own keys: what they do, how they are shown, and how to tell them. All others go to the shell. Each has two
// modifiers, or is one that browsers keep for themselves anyway, so that no program in a terminal waits for it. Pure.

export type Action =
  | 'copy'
  | 'paste'
  | 'find'
  | 'larger'
  | 'smaller'
  | 'usualSize'
  | 'bar'
  | 'fullScreen'
  | 'settings'
  | 'help'
  | 'terminals'
  | 'newTab'
  | 'nextTab'
  | 'previousTab'
  | 'tabMenu'
  | 'share';

/** An action that has a key. `keys`: as on a keyboard, `Ctrl` standing for whichever modifier this machine uses. */
export type Shortcut = { action: Exclude<Action, 'terminals' | 'share'>; keys: readonly string[] };

/** Of a KeyboardEvent. */
type Press = { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean; altKey: boolean; key: string; code: string };

const shifted = (code: string) => (press: Press) => press.shiftKey && press.code === code;
// By what is on the key: it lies elsewhere on other keyboards. Shift belongs to the first of some, and to `_` of the shell.
const typed =
  (...keys: string[]) =>
  (press: Press) =>
    keys.includes(press.key);

const table: readonly (Shortcut & { is: (press: Press) => boolean })[] = [
  { action: 'copy', keys: ['Ctrl', 'Shift', 'C'], is: shifted('KeyC') },
  { action: 'paste', keys: ['Ctrl', 'Shift', 'V'], is: shifted('KeyV') },
  { action: 'find', keys: ['Ctrl', 'Shift', 'F'], is: shifted('KeyF') },
  { action: 'larger', keys: ['Ctrl', '+'], is: typed('+', '=') },
  { action: 'smaller', keys: ['Ctrl', '-'], is: typed('-') },
  { action: 'usualSize', keys: ['Ctrl', '0'], is: typed('0') },
  { action: 'bar', keys: ['Ctrl', 'Shift', 'B'], is: shifted('KeyB') },
  { action: 'fullScreen', keys: ['Ctrl', 'Shift', 'Enter'], is: shifted('Enter') },
  { action: 'settings', keys: ['Ctrl', 'Shift', ','], is: shifted('Comma') },
  { action: 'help', keys: ['Ctrl', '?'], is: typed('?') },
  { action: 'newTab', keys: ['Ctrl', 'Shift', 'Y'], is: shifted('KeyY') },
  // Outside of full screen most browsers keep it: it opens again the tab of theirs that was closed last.
  { action: 'newTab', keys: ['Ctrl', 'Shift', 'T'], is: shifted('KeyT') },
  { action: 'nextTab', keys: ['Ctrl', 'Shift', 'PageDown'], is: shifted('PageDown') },
  { action: 'previousTab', keys: ['Ctrl', 'Shift', 'PageUp'], is: shifted('PageUp') },
  { action: 'tabMenu', keys: ['Ctrl', 'Shift', 'M'], is: shifted('KeyM') },
];

export const shortcuts: readonly Shortcut[] = table;

/**
 * The number of the tab that this key selects: Alt with a digit, as in other terminals. It is the page's only while there are several tabs;
 * else it is readline's.
 */
export function tabNumberOf({ ctrlKey, metaKey, shiftKey, altKey, code }: Press): number | undefined {
  if (!altKey || ctrlKey || metaKey || shiftKey) return undefined;
  const digit = /^Digit([1-9])$/.exec(code)?.[1];
  return digit === undefined ? undefined : Number(digit);
}

/** What the page is to do on this key; undefined: it is the shell's. */
export function actionOf(press: Press): Action | undefined {
  if (press.altKey || press.ctrlKey === press.metaKey) return undefined;
  return table.find(({ is }) => is(press))?.action;
}
