// The list of the page's own keys. Loaded when it is first asked for.

import { type Shortcut, shortcuts } from '../terminal/shortcuts.ts';
import { texts } from '../texts.ts';
import { createDialog } from './dialog.ts';
import { element } from './element.ts';

const ofTabs: readonly Shortcut['action'][] = ['newTab', 'nextTab', 'previousTab', 'tabMenu'];

/** Adds the list to `root`. `mac`: keys are named as on a Mac. */
export function createShortcutsDialog(root: HTMLElement, mac: boolean, onClose: () => void): HTMLDialogElement {
  const words = texts.shortcuts;
  const keyLine = ({ action, keys: pressed }: Shortcut) =>
    line(
      words[action],
      pressed.map((key) => keyName(key, mac)),
    );
  const keys = shortcuts.filter(({ action }) => !ofTabs.includes(action)).map(keyLine);
  const tabs = [
    ...shortcuts.filter(({ action }) => ofTabs.includes(action)).map(keyLine),
    line(words.tabByNumber, [mac ? '⌥' : 'Alt', '1 … 9']),
  ];
  const mouse = [
    line(words.select, [words.drag]),
    line(words.selectHere, [mac ? words.selectHereByMac : words.selectHereBy]),
    line(words.openLink, [words.click]),
  ];
  return createDialog(
    root,
    { kind: 'shortcuts', title: words.title, onClose },
    element(
      'div',
      // Longer than some windows: arrow keys scroll it.
      { class: 'dialog-body', tabindex: '0' },
      element('dl', {}, ...keys.flat()),
      element('h3', {}, words.tabs),
      element('dl', {}, ...tabs.flat()),
      element('p', { class: 'hint' }, words.tabsHint),
      element('h3', {}, words.mouse),
      element('dl', {}, ...mouse.flat()),
      element('p', { class: 'hint' }, words.rest),
    ),
  );
}

const line = (what: string, keys: readonly string[]) => [
  element('dt', {}, what),
  element('dd', {}, ...keys.map((key) => element('kbd', {}, key))),
];

function keyName(key: string, mac: boolean): string {
  if (mac && key === 'Ctrl') return '⌘';
  if (mac && key === 'Shift') return '⇧';
  return (texts.keys as Record<string, string>)[key] ?? key;
}
