// Tracks the modes that a program has set in the local terminal, to reset exactly these if the connection ends in the middle. Pure.

/** DECSET modes that affect the user afterwards: keys, mouse, screen, cursor, focus reports, paste. */
const followed = new Set<number>([1, 9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1047, 1049, 47, 2004, 2026]);
const cursor = 25;
const isScreen = (mode: number) => mode === 1049 || mode === 1047 || mode === 47;
// Long enough for the longest sequence of interest.
const tailLength = 64;

export type ScreenModes = {
  follow(output: Uint8Array): void;
  /** The sequences that reset the modes; empty if there are none. */
  reset(): string;
};

export function followModes(): ScreenModes {
  const set = new Set<number>();
  let hidden = false;
  let keypad = false;
  let any = false;
  let tail = '';
  return {
    follow(output) {
      if (output.length === 0) return;
      any = true;
      const text = tail + Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1');
      for (const [, list, final] of text.matchAll(/\x1b\[\?([\d;]{1,40})([hl])/g)) {
        for (const mode of list!.split(';').map(Number)) {
          if (mode === cursor) hidden = final === 'l';
          else if (!followed.has(mode)) continue;
          else if (final === 'h') set.add(mode);
          else set.delete(mode);
        }
      }
      const keypads = text.match(/\x1b[=>]/g)?.at(-1);
      if (keypads) keypad = keypads === '\x1b=';
      // An incomplete sequence at the end continues with the next output.
      const start = text.lastIndexOf('\x1b');
      tail =
        start >= 0 && text.length - start < tailLength && !/^\x1b(\[\?[\d;]*[hl]|[=>])/.test(text.slice(start))
          ? text.slice(start)
          : '';
    },
    reset() {
      if (!any) return '';
      // The screen last, because the other modes belong to it.
      const screens = [...set].filter(isScreen);
      const others = [...set].filter((mode) => !isScreen(mode));
      const off = (modes: number[]) => modes.map((mode) => `\x1b[?${mode}l`).join('');
      const text = `${off(others)}${hidden ? '\x1b[?25h' : ''}${keypad ? '\x1b>' : ''}\x1b[0m${off(screens)}`;
      set.clear();
      hidden = false;
      keypad = false;
      return text;
    },
  };
}
