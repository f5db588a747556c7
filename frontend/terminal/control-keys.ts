// Control characters that xterm.js does not send, or sends only where the key is on a US keyboard: it goes by the key's position. This goes
// by the character on the key, as xterm does. Pure.

/** Of a KeyboardEvent. */
type Press = { ctrlKey: boolean; altKey: boolean; metaKey: boolean; key: string };

// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html and xterm's own ctl keys for digits, as on a VT220.
const controls: Readonly<Record<string, string>> = {
  ...{ '@': '\x00', '2': '\x00', '`': '\x00', ' ': '\x00' },
  ...{ '[': '\x1b', '{': '\x1b', '3': '\x1b' },
  ...{ '\\': '\x1c', '|': '\x1c', '4': '\x1c' },
  ...{ ']': '\x1d', '}': '\x1d', '5': '\x1d' },
  ...{ '^': '\x1e', '~': '\x1e', '6': '\x1e' },
  ...{ _: '\x1f', '/': '\x1f', '7': '\x1f' },
  ...{ '8': '\x7f' },
};

/** What Ctrl with this key sends; undefined where xterm.js knows. Ctrl with Alt is AltGr on some keyboards. */
export const controlKey = ({ ctrlKey, altKey, metaKey, key }: Press): string | undefined =>
  ctrlKey && !altKey && !metaKey ? controls[key] : undefined;
