// The page's own keys: Ctrl+Shift+C copies, Ctrl+Shift+V pastes, Ctrl+Shift+F finds. All others go to the shell.

import type { Terminal } from '@xterm/xterm';
import { copyText } from './clipboard.ts';

export function bindKeys(terminal: Terminal, onFind: () => void): void {
  terminal.attachCustomKeyEventHandler((event) => {
    if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return true;
    // The browser itself pastes on this key, with no permission to ask for; xterm.js must only leave it alone.
    if (event.code === 'KeyV') return false;
    const act = actions[event.code];
    if (!act) return true;
    event.preventDefault();
    if (event.type === 'keydown') act();
    return false;
  });
  const actions: Record<string, () => void> = {
    KeyC: () => void copyText(terminal.getSelection()),
    KeyF: onFind,
  };
}
