// Draws by WebGL where that works, else by the DOM renderer that xterm.js has built in.

import type { Terminal } from '@xterm/xterm';
import { hasTrueDevicePixels } from './device-pixels.ts';

/**
 * Loads the WebGL renderer once the terminal is open, and tells of each change. `?renderer=dom` keeps to the DOM. `data-renderer` of
 * `root` says which one it is, once that is decided.
 */
export async function chooseRenderer(terminal: Terminal, root: HTMLElement, onChange: () => void): Promise<void> {
  root.dataset.renderer = (await useWebgl(terminal, root, onChange)) ? 'webgl' : 'dom';
  onChange();
}

async function useWebgl(terminal: Terminal, root: HTMLElement, onChange: () => void): Promise<boolean> {
  if (new URLSearchParams(location.search).get('renderer') === 'dom') return false;
  try {
    const [{ WebglAddon }, isTrue] = await Promise.all([
      import('@xterm/addon-webgl'),
      hasTrueDevicePixels(terminal.element ?? root),
    ]);
    if (!isTrue) return false;
    const addon = new WebglAddon();
    addon.onContextLoss(() => {
      addon.dispose();
      root.dataset.renderer = 'dom';
      onChange();
    });
    terminal.loadAddon(addon);
    return true;
  } catch {
    // No WebGL, or its file did not arrive: the DOM renderer draws the same, only slower.
    return false;
  }
}
