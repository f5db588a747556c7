// Pasting many lines by mistake can do much harm: such a paste is shown first.

import type { Terminal } from '@xterm/xterm';
import { countLines, needsAsking } from './paste-lines.ts';

/** What is asked: it resolves to whether to paste. */
export type AskPaste = (paste: { text: string; lines: number; bracketed: boolean }) => Promise<boolean>;

/** Pastes into the terminal as Ctrl+V elsewhere, asking where that is better. Returns the function that does. */
export function guardPaste(terminal: Terminal, ask: AskPaste): (text: string) => Promise<void> {
  const paste = async (text: string) => {
    const bracketed = terminal.modes.bracketedPasteMode;
    const lines = countLines(text);
    if (!needsAsking(lines, bracketed) || (await ask({ text, lines, bracketed }))) terminal.paste(text);
    terminal.focus();
  };
  // Before xterm.js sees it.
  terminal.element?.parentElement?.addEventListener(
    'paste',
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      void paste(event.clipboardData?.getData('text/plain') ?? '');
    },
    { capture: true },
  );
  return paste;
}
