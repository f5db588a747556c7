// Pasting many lines by mistake can do much harm: such a paste is shown first.

import type { Terminal } from '@xterm/xterm';
import { isFromKeyboard } from './from-keyboard.ts';
import { countLines, needsAsking } from './paste-lines.ts';
import { cleanPaste } from './paste-text.ts';

/** Asks about a paste. Resolves to whether to paste. */
export type AskPaste = (paste: {
  text: string;
  lines: number;
  bracketed: boolean;
  dropped: number;
}) => Promise<boolean>;

/** Pastes into the terminal as Ctrl+V elsewhere, asking where that is better. Returns the function that does. */
export function guardPaste(terminal: Terminal, ask: AskPaste): (text: string) => Promise<void> {
  // After a lone Escape the shell takes the sequence that begins a bracketed paste for keys, and runs each line.
  let escaped = false;
  terminal.onData((data) => {
    if (isFromKeyboard(data)) escaped = data === '\x1b';
  });
  const paste = async (pasted: string) => {
    const bracketed = terminal.modes.bracketedPasteMode && !escaped;
    const { text, dropped } = cleanPaste(pasted);
    const lines = countLines(text);
    const isSafe = dropped === 0 && !needsAsking(lines, bracketed);
    if (isSafe || (await ask({ text, lines, bracketed, dropped }))) terminal.paste(text);
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
