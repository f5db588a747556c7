// Links: addresses in the text, and what programs mark as a link (OSC 8), whose text may say anything. Only http and https
// are opened, in a tab that knows nothing of this one.

import { WebLinksAddon } from '@xterm/addon-web-links';
import type { Terminal } from '@xterm/xterm';

/** `onHover` is called with where the link under the pointer leads to, and with undefined once it has left it. */
export function addLinks(terminal: Terminal, onHover: (uri: string | undefined) => void): void {
  const hover = (_event: MouseEvent, uri: string) => onHover(uri);
  const leave = () => onHover(undefined);
  terminal.options.linkHandler = { activate: open, hover, leave };
  terminal.loadAddon(new WebLinksAddon(open, { hover, leave }));
}

function open(_event: MouseEvent, uri: string): void {
  if (/^https?:/i.test(uri)) window.open(uri, '_blank', 'noopener,noreferrer');
}
