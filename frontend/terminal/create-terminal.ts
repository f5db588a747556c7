// xterm.js as this page uses it.

import { FitAddon } from '@xterm/addon-fit';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal } from '@xterm/xterm';
import { clipboardAddon } from './clipboard.ts';
import { chooseRenderer } from './renderer.ts';
import { darkTheme, lightTheme } from './theme.ts';

const resizeDelayMs = 60;

export type TerminalView = {
  terminal: Terminal;
  /** Fits the terminal to its element, at once. */
  refit: () => void;
};

/** Opens a terminal that fills `element` and keeps filling it. */
export function createTerminal(element: HTMLElement): TerminalView {
  const light = matchMedia('(prefers-color-scheme: light)');
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const terminal = new Terminal({
    allowProposedApi: true,
    cursorBlink: !still.matches,
    fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    fontSize: 14,
    lineHeight: 1.15,
    macOptionIsMeta: true,
    macOptionClickForcesSelection: true,
    // tmux keeps the history. Lines kept here would never be seen, and their scrollbar would take a strip of the window.
    scrollback: 0,
    theme: light.matches ? lightTheme : darkTheme,
    // Programs choose colours for dark screens; on a light one they must still be legible.
    minimumContrastRatio: light.matches ? 4.5 : 1,
    linkHandler: { activate: openLink },
  });
  light.addEventListener('change', () => {
    terminal.options.theme = light.matches ? lightTheme : darkTheme;
    terminal.options.minimumContrastRatio = light.matches ? 4.5 : 1;
  });
  still.addEventListener('change', () => {
    terminal.options.cursorBlink = !still.matches;
  });

  const fitAddon = new FitAddon();
  terminal.loadAddon(fitAddon);
  terminal.loadAddon(new UnicodeGraphemesAddon());
  terminal.unicode.activeVersion = '15-graphemes';
  terminal.loadAddon(new WebLinksAddon(openLink));
  terminal.loadAddon(clipboardAddon());
  terminal.open(element);
  const refit = () => fitAddon.fit();
  refit();
  let timer: ReturnType<typeof setTimeout> | undefined;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(refit, resizeDelayMs);
  }).observe(element);
  // Each renderer has cells of a slightly different size.
  chooseRenderer(terminal, document.documentElement, refit);
  return { terminal, refit };
}

function openLink(_event: MouseEvent, uri: string): void {
  if (/^https?:/i.test(uri)) window.open(uri, '_blank', 'noopener,noreferrer');
}
