// xterm.js as this page uses it.

import { FitAddon } from '@xterm/addon-fit';
import { type ITerminalOptions, Terminal } from '@xterm/xterm';
import { chooseRenderer } from './renderer.ts';
import { useTmuxWidths } from './widths.ts';

const resizeDelayMs = 60;

export type TerminalView = {
  terminal: Terminal;
  /** Fits the terminal to its element, at once. */
  refit: () => void;
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
  const refit = () => fitAddon.fit();
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
    apply: (changed) => {
      terminal.options = changed;
      refit();
    },
  };
}
