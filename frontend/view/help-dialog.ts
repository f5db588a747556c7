// The help: what this is, how long it lasts, how to keep one's work, the mouse, the keys and the command line. Loaded when it is first
// asked for.

import { baseUrl } from '../base.ts';
import { type Shortcut, shortcuts } from '../terminal/shortcuts.ts';
import { texts } from '../texts.ts';
import { createCommandLine } from './command-line.ts';
import { createDialog } from './dialog.ts';
import { button, element } from './element.ts';
import { createLogo } from './logo.ts';
import { timeOf } from './time-of.ts';

const ofTabs: readonly Shortcut['action'][] = ['newTab', 'nextTab', 'previousTab', 'tabMenu'];

export type HelpDialogOptions = {
  /** Keys are named as on a Mac. */
  mac: boolean;
  /** When the terminal that the page shows ends, and for how long it may be idle. */
  shown: () => { expiresAt: string; idleTimeoutMs: number } | undefined;
  /** Shows the visitor's terminals, where they can be ended. */
  terminals: () => void;
  copy: (text: string) => void;
  onClose: () => void;
};

export type HelpDialog = { open: () => void };

/** Adds the help to `root`. */
export function createHelpDialog(root: HTMLElement, options: HelpDialogOptions): HelpDialog {
  const { mac, shown, terminals, copy, onClose } = options;
  const words = texts.help;
  const lasts = element('p', {});
  const section = (title: string, ...content: Node[]) => element('section', {}, element('h3', {}, title), ...content);
  const keyLine = ({ action, keys: pressed }: Shortcut) =>
    line(
      words.actions[action],
      pressed.map((key) => keyName(key, mac)),
    );
  const keys = shortcuts.filter(({ action }) => !ofTabs.includes(action)).map(keyLine);
  const tabs = [
    ...shortcuts.filter(({ action }) => ofTabs.includes(action)).map(keyLine),
    line(words.tabByNumber, [mac ? '⌥' : 'Alt', '1 … 9']),
  ];
  const { mouse } = words;
  const mouseLines = [
    line(mouse.select, [mouse.drag]),
    line(mouse.word, [mouse.doubleClick]),
    line(mouse.selectHere, [mac ? mouse.selectHereByMac : mouse.selectHereBy]),
    line(mouse.openLink, [mouse.click]),
    line(mouse.scroll, [mouse.wheel]),
  ];
  const dialog = createDialog(
    root,
    { kind: 'help', title: words.title, onClose },
    element(
      'div',
      // Longer than some windows: arrow keys scroll it.
      { class: 'dialog-body', tabindex: '0' },
      section(words.what.title, ...createLogo(''), element('p', {}, words.what.detail), lasts),
      section(words.keep.title, element('p', {}, words.keep.detail), element('p', {}, words.keep.ways)),
      section(words.mouse.title, element('dl', {}, ...mouseLines.flat()), element('p', {}, words.mouse.clipboard)),
      section(words.keys, element('dl', {}, ...keys.flat()), element('p', { class: 'hint' }, words.rest)),
      section(words.tabs, element('dl', {}, ...tabs.flat()), element('p', { class: 'hint' }, words.tabsHint)),
      section(texts.settings.commandLine, ...createCommandLine(baseUrl().href, copy)),
      section(
        words.end.title,
        element('p', {}, words.end.detail),
        element(
          'div',
          { class: 'actions' },
          button(texts.terminals.show, () => {
            dialog.close();
            terminals();
          }),
        ),
      ),
    ),
  );
  return {
    open() {
      const terminal = shown();
      lasts.textContent = terminal
        ? texts.welcome.lasts(timeOf(terminal.expiresAt), Math.round(terminal.idleTimeoutMs / 60_000))
        : '';
      dialog.showModal();
    },
  };
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
