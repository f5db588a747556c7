// What to do with what a finger has selected.

import { texts } from '../texts.ts';
import { button, element } from './element.ts';

export type TouchMenu = { show: (y: number) => void; hide: () => void };

/** So far above the finger, or at the top. */
const aboveFingerPx = 76;

/** Adds the menu to `root`, hidden. `paste` is absent where the browser lets no page read the clipboard. */
export function createTouchMenu(root: HTMLElement, does: { copy: () => void; paste?: () => void }): TouchMenu {
  const hide = () => {
    menu.hidden = true;
  };
  const item = (label: string, act: () => void) =>
    button(label, () => {
      hide();
      act();
    });
  const menu = element(
    'section',
    { class: 'touch-menu', 'aria-label': texts.selection, hidden: '' },
    item(texts.copy, does.copy),
    ...(does.paste ? [item(texts.paste.paste, does.paste)] : []),
  );
  root.append(menu);
  return {
    hide,
    show(y) {
      menu.style.setProperty('--y', `${Math.max(0, y - aboveFingerPx)}px`);
      menu.hidden = false;
    },
  };
}
