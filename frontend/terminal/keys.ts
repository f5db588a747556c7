// Takes the page's own keys before the terminal sees them.

import type { Terminal } from '@xterm/xterm';
import { controlKey } from './control-keys.ts';
import { type Action, actionOf, tabNumberOf } from './shortcuts.ts';

/**
 * Calls `act` on each of the page's keys, and as often as it repeats. While a dialog is open, they are the dialog's. `selectTab` shows the
 * tab of that number, if there is one.
 */
export function bindKeys(act: (action: Action) => void, selectTab: (number: number) => boolean): void {
  const take = (event: KeyboardEvent) => {
    const number = event.altKey ? tabNumberOf(event) : undefined;
    if (number !== undefined && !document.querySelector('dialog[open]') && selectTab(number)) {
      event.stopPropagation();
      event.preventDefault();
      return;
    }
    const action = actionOf(event);
    if (action === undefined || document.querySelector('dialog[open]')) return;
    event.stopPropagation();
    // The browser itself pastes on this key, with no permission to ask for.
    if (action === 'paste') return;
    event.preventDefault();
    act(action);
  };
  addEventListener('keydown', take, { capture: true });
}

/** Sends the control characters that xterm.js leaves out. */
export function sendControlKeys(terminal: Terminal): void {
  terminal.attachCustomKeyEventHandler((event) => {
    const data = event.type === 'keydown' ? controlKey(event) : undefined;
    if (data === undefined) return true;
    event.preventDefault();
    terminal.input(data);
    return false;
  });
}
