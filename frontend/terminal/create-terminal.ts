// xterm.js as this page uses it.

import { FitAddon } from '@xterm/addon-fit';
import { type ITerminalOptions, Terminal } from '@xterm/xterm';
import type { Size } from '../../common/socket.ts';
import { defaults } from '../settings/settings.ts';
import { chooseRenderer } from './renderer.ts';
import { useTmuxWidths } from './widths.ts';

const resizeDelayMs = 60;
/** Smaller text cannot be read. */
const minFontSize = 3;

export type TerminalView = {
  terminal: Terminal;
  /** Fits the terminal to its element, at once. */
  refit: () => void;
  /** Shows a screen of this size, as large as fits. null: the terminal fills its element again. */
  follow: (size: Size | null) => void;
  /** Changes how it looks, at once. */
  apply: (options: ITerminalOptions) => void;
};

/** Opens a terminal that fills `element` and keeps filling it. */
export function createTerminal(element: HTMLElement, options: ITerminalOptions): TerminalView {
  const terminal = new Terminal({
    allowProposedApi: true,
    lineHeight: 1.15,
    macOptionIsMeta: true,
    macOptionClickForcesSelection: true,
    // tmux keeps the history. Lines kept here would never be seen, and their scrollbar would take a strip of the window.
    scrollback: 0,
    ...options,
  });

  const fitAddon = new FitAddon();
  terminal.loadAddon(fitAddon);
  useTmuxWidths(terminal);
  terminal.open(element);
  let followed: Size | null = null;
  let fontSize = terminal.options.fontSize ?? defaults.fontSize;
  const refit = () => {
    // The last screen of a terminal that has ended would lose lines.
    if (document.documentElement.dataset.state === 'ended') return;
    if (followed) scaleTo(terminal, fitAddon, followed, fontSize);
    else fitAddon.fit();
  };
  refit();
  let timer: ReturnType<typeof setTimeout> | undefined;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(refit, resizeDelayMs);
  }).observe(element);
  // Each renderer has cells of a slightly different size.
  void chooseRenderer(terminal, document.documentElement, refit);
  return {
    terminal,
    refit,
    follow: (size) => {
      followed = size;
      terminal.options.fontSize = fontSize;
      refit();
    },
    apply: (changed) => {
      terminal.options = changed;
      fontSize = changed.fontSize ?? fontSize;
      refit();
    },
  };
}

/** Sets the text size at which `size` fits into the element. The text stays sharp: it is drawn in that size, not scaled. */
function scaleTo(terminal: Terminal, fitAddon: FitAddon, size: Size, fontSize: number): void {
  terminal.options.fontSize = fontSize;
  for (let tries = 0; tries < 4; tries++) {
    const room = fitAddon.proposeDimensions();
    if (!room) break;
    const ratio = Math.min(room.cols / size.cols, room.rows / size.rows);
    const isLarger = ratio >= 1 && (tries > 0 || ratio < 1.1);
    if (isLarger) break;
    const now: number = terminal.options.fontSize ?? fontSize;
    // A little smaller than the ratio on the last tries: cells are whole pixels, and may not have shrunk by as much.
    const next = Math.max(minFontSize, Math.floor((now * ratio - 0.25 * tries) * 2) / 2);
    if (next === now) break;
    terminal.options.fontSize = next;
  }
  terminal.resize(size.cols, size.rows);
}
