// Links: addresses in the text, and text that programs mark as a link (OSC 8). Only http and https are opened, in a tab without
// access to this one. A click of the left button opens a link. Selecting text opens none.

import { WebLinksAddon } from '@xterm/addon-web-links';
import type { Terminal } from '@xterm/xterm';
import { createLinkClicks } from './link-clicks.ts';

/** `onHover` is called with the address of the link under the pointer, and with undefined once the pointer has left it. */
export function addLinks(terminal: Terminal, onHover: (uri: string | undefined) => void): void {
  const hover = (_event: MouseEvent, uri: string) => onHover(uri);
  const leave = () => onHover(undefined);
  const clicks = createLinkClicks({
    open: (uri) => window.open(uri, '_blank', 'noopener,noreferrer'),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
  terminal.element?.addEventListener('mousedown', clicks.pressed, { capture: true });
  const activate = (event: MouseEvent, uri: string) => clicks.activated(event, uri);
  terminal.options.linkHandler = { activate, hover, leave };
  terminal.loadAddon(new WebLinksAddon(activate, { hover, leave }));
}
