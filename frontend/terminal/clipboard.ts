// Copying: what is selected, and what programs send by OSC 52 (tmux does, with no target named). Reading the clipboard is
// refused: whatever runs in the terminal could take what the visitor copied elsewhere.

import { ClipboardAddon } from '@xterm/addon-clipboard';
import type { Terminal } from '@xterm/xterm';

/** For OSC 52 only: hands on what is to be copied, whatever the target, and reads nothing. */
export const clipboardAddon = (onCopy: (text: string) => void) =>
  new ClipboardAddon(undefined, {
    readText: () => '',
    writeText: (_target, text) => {
      if (text !== '') onCopy(text);
    },
  });

/** Puts `text` on the clipboard; whether the browser let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

// Pages without TLS have no navigator.clipboard; the old command still works there shortly after a click or a key.
function copyByCommand(text: string): boolean {
  const write = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener('copy', write, { capture: true });
  const done = document.execCommand('copy');
  document.removeEventListener('copy', write, { capture: true });
  return done;
}

/** Calls `onSelected` with what is selected each time a person has finished selecting with the mouse. */
export function followSelection(terminal: Terminal, onSelected: (text: string) => void): void {
  terminal.element?.addEventListener('mousedown', ({ button }) => {
    if (button !== 0) return;
    const done = () => {
      if (terminal.hasSelection()) onSelected(terminal.getSelection());
    };
    document.addEventListener('mouseup', done, { once: true });
  });
}
