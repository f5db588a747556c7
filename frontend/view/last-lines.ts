// The last screen of a terminal that has ended. What is said of the end takes some of its room, so it scrolls; it is not fitted anew,
// which would lose lines.

import type { Terminal } from '@xterm/xterm';

/** Returns a function that scrolls to the last line with text, once all output is drawn. */
export function followLastLines(terminal: Terminal, area: HTMLElement): () => void {
  const isOver = () => document.documentElement.dataset.state === 'ended';
  const rowHeight = () => (area.querySelector('.xterm-screen')?.clientHeight ?? 0) / terminal.rows;
  area.addEventListener(
    'wheel',
    (event) => {
      if (!isOver()) return;
      // Else xterm.js takes it for cursor keys. A finger's wheel (touch.ts) scrolls nothing by itself.
      event.stopPropagation();
      if (!event.isTrusted) area.scrollBy(0, event.deltaY * rowHeight() * 3);
    },
    { capture: true, passive: true },
  );
  return () =>
    terminal.write('', () => {
      const { active } = terminal.buffer;
      let rows = terminal.rows;
      while (rows > 0 && !active.getLine(active.baseY + rows - 1)?.translateToString(true)) rows--;
      area.scrollTop = (rows + 1) * rowHeight() - area.clientHeight;
    });
}
