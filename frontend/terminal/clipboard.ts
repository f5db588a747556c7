// Copying: Ctrl+Shift+C, and what programs send by OSC 52 (tmux does, with no target named). Reading the clipboard is
// refused: whatever runs in the terminal could take what the visitor copied elsewhere.

import { ClipboardAddon } from '@xterm/addon-clipboard';

/** For OSC 52 only: writes, whatever the target, and reads nothing. */
export const clipboardAddon = () =>
  new ClipboardAddon(undefined, { readText: () => '', writeText: (_target, text) => copyText(text) });

/** Puts `text` on the clipboard, as far as the browser allows it. */
export async function copyText(text: string): Promise<void> {
  if (text === '') return;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyByCommand(text);
  }
}

// Pages without TLS have no navigator.clipboard; the old command still works there shortly after a click or a key.
function copyByCommand(text: string): void {
  const write = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener('copy', write, { capture: true });
  document.execCommand('copy');
  document.removeEventListener('copy', write, { capture: true });
}
