// The keys that touch keyboards lack, in a row over them. Loaded where it is shown.

import type { Terminal } from '@xterm/xterm';
import { afterKey, afterTap, type Modifiers, type Stickiness, withModifiers } from '../terminal/modifiers.ts';
import { texts } from '../texts.ts';
import { element } from './element.ts';

const repeatAfterMs = 400;
const repeatEveryMs = 60;

export type KeyRow = {
  /** `data` as the modifiers of the row make it, which thereby are used. */
  modify: (data: string) => string;
};

/** Adds the row to `root`. */
export function createKeyRow(root: HTMLElement, terminal: Terminal): KeyRow {
  const arrow = (letter: string) => () => `\x1b${terminal.modes.applicationCursorKeysMode ? 'O' : '['}${letter}`;
  const held: Record<keyof Modifiers, Stickiness> = { ctrl: 'off', alt: 'off' };
  const labels = { ctrl: texts.keys.Ctrl, alt: 'Alt' };
  const holders = { ctrl: modifier('ctrl', labels.ctrl), alt: modifier('alt', labels.alt) };

  // On a phone one below the other, else in one line.
  const rows = [
    [
      key('Esc', () => '\x1b'),
      key('^C', () => '\x03', texts.keyRow.interrupt),
      ...['|', '~', '/', '-'].map((sign) => key(sign, () => sign)),
      key(texts.keyRow.homeKey, arrow('H'), texts.keyRow.home),
      key(texts.keyRow.endKey, arrow('F'), texts.keyRow.end),
    ],
    [
      key('Tab', () => '\t'),
      holders.ctrl,
      holders.alt,
      key('←', arrow('D'), texts.keyRow.left),
      key('↓', arrow('B'), texts.keyRow.down),
      key('↑', arrow('A'), texts.keyRow.up),
      key('→', arrow('C'), texts.keyRow.right),
      key(texts.keyRow.pageUpKey, () => '\x1b[5~', texts.keyRow.pageUp),
      key(texts.keyRow.pageDownKey, () => '\x1b[6~', texts.keyRow.pageDown),
    ],
  ];
  const row = element(
    'section',
    { class: 'key-row', 'aria-label': texts.keyRow.label },
    ...rows.map((keys) => element('div', {}, ...keys)),
  );
  // The focus, and with it the keyboard on the screen, stays where it is.
  row.addEventListener('mousedown', (event) => event.preventDefault());
  root.append(row);

  function key(label: string, data: () => string, name = label): HTMLButtonElement {
    const send = () => terminal.input(data());
    const made = element('button', { type: 'button', 'aria-label': name }, label);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => clearTimeout(timer);
    const again = () => {
      send();
      timer = setTimeout(again, repeatEveryMs);
    };
    made.addEventListener('pointerdown', () => {
      send();
      timer = setTimeout(again, repeatAfterMs);
    });
    for (const type of ['pointerup', 'pointercancel', 'pointerleave']) made.addEventListener(type, stop);
    // By a keyboard, or a screen reader: no pointer went down before.
    made.addEventListener('click', ({ detail }) => {
      if (detail === 0) send();
    });
    return made;
  }

  function modifier(name: keyof Modifiers, label: string): HTMLButtonElement {
    const made = element('button', { type: 'button', 'aria-pressed': 'false', 'data-held': 'off' }, label);
    made.addEventListener('click', () => hold(name, afterTap[held[name]]));
    return made;
  }

  function hold(name: keyof Modifiers, how: Stickiness): void {
    held[name] = how;
    holders[name].setAttribute('aria-pressed', String(how !== 'off'));
    holders[name].dataset.held = how;
    const label = labels[name];
    if (how === 'locked') holders[name].setAttribute('aria-label', texts.keyRow.locked(label));
    else holders[name].removeAttribute('aria-label');
  }

  return {
    modify(data) {
      const modified = withModifiers(data, { ctrl: held.ctrl !== 'off', alt: held.alt !== 'off' });
      if (modified === data) return data;
      hold('ctrl', afterKey[held.ctrl]);
      hold('alt', afterKey[held.alt]);
      return modified;
    },
  };
}
