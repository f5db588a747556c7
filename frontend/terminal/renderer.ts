// Draws by WebGL where that works, else by the DOM renderer that xterm.js has built in.

import type { Terminal } from '@xterm/xterm';

/** Loads the WebGL renderer once the terminal is open, and tells of each change. `?renderer=dom` keeps to the DOM. */
export async function chooseRenderer(terminal: Terminal, root: HTMLElement, onChange: () => void): Promise<void> {
  root.dataset.renderer = 'dom';
  if (new URLSearchParams(location.search).get('renderer') === 'dom') return;
  try {
    const { WebglAddon } = await import('@xterm/addon-webgl');
    const addon = new WebglAddon();
    addon.onContextLoss(() => {
      addon.dispose();
      root.dataset.renderer = 'dom';
      onChange();
    });
    terminal.loadAddon(addon);
    root.dataset.renderer = 'webgl';
    onChange();
  } catch {
    // No WebGL, or its file did not arrive: the DOM renderer draws the same, only slower.
  }
}
