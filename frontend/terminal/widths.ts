// How many columns a character takes, as tmux counts them: it draws by its own count, and every character of which the page
// thought otherwise would shift the rest of the line and the cursor. tmux 3.3 asks the C library for one code point at a time,
// joins to the cell before what has no width, and after a zero-width joiner whatever comes. So a variation selector or a
// spacing vowel sign does not change the width, and a skin tone is a character of its own, here as there.

import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import type { IUnicodeVersionProvider, Terminal } from '@xterm/xterm';

const joiner = 0x200d;
const noWidth = /[\p{Mn}\p{Me}\p{Cf}\p{Zl}\p{Zp}\u{1160}-\u{11ff}\u{d7b0}-\u{d7fb}]/u;
// Signs that stand before digits, or under them, and the soft hyphen.
const yetOne = /[\u{ad}\u{600}-\u{605}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}]/u;
const regional = /[\u{1f1e6}-\u{1f1ff}]/u;
/** What is wide although the addon's table, which is older or of another mind, has it narrow. */
const yetTwo = /[\p{Emoji_Presentation}\u{3248}-\u{324f}\u{4dc0}-\u{4dff}\u{1aff0}-\u{1affe}\u{1b11f}-\u{1b122}]/u;

/** What a character says about the next one. */
const kind = { other: 0, joiner: 1, regional: 2 } as const;

// As xterm.js packs it: what we need to know at the next character, the width, and whether it joins the cell before.
const pack = (state: number, width: number, joins: boolean) => (state << 3) | (width << 1) | (joins ? 1 : 0);
const stateOf = (packed: number) => packed >> 3;
const widthOf = (packed: number) => (packed >> 1) & 3;

/** The widths of tmux; `table` knows how wide a character is by itself. */
export function tmuxWidths(table: Pick<IUnicodeVersionProvider, 'wcwidth'>): IUnicodeVersionProvider {
  // One more than the width; 0 where it has not been asked for.
  const known = new Uint8Array(0x20000);

  function measure(codePoint: number): 0 | 1 | 2 {
    const character = String.fromCodePoint(codePoint);
    if (noWidth.test(character) && !yetOne.test(character)) return 0;
    if (regional.test(character)) return 1;
    return yetTwo.test(character) || table.wcwidth(codePoint) === 2 ? 2 : 1;
  }

  function wcwidth(codePoint: number): 0 | 1 | 2 {
    if (codePoint < 0x7f) return codePoint < 0x20 ? 0 : 1;
    if (codePoint >= known.length) return measure(codePoint);
    if (known[codePoint] === 0) known[codePoint] = 1 + measure(codePoint);
    return ((known[codePoint] as number) - 1) as 0 | 1 | 2;
  }

  return {
    version: 'tmux',
    wcwidth,
    charProperties(codePoint, before) {
      if (codePoint < 0x7f) return pack(kind.other, 1, false);
      const width = wcwidth(codePoint);
      if (before !== 0 && (width === 0 || stateOf(before) === kind.joiner)) {
        return pack(codePoint === joiner ? kind.joiner : kind.other, widthOf(before), true);
      }
      if (codePoint < 0x1f1e6 || codePoint > 0x1f1ff) return pack(kind.other, Math.max(1, width), false);
      // Two of them are a flag, which is as wide as both.
      return stateOf(before) === kind.regional ? pack(kind.other, 2, true) : pack(kind.regional, 1, false);
    },
  };
}

/** Has `terminal` count as tmux does. */
export function useTmuxWidths(terminal: Terminal): void {
  // The addon has a table of widths, which it gives to nothing but a terminal.
  let table: IUnicodeVersionProvider | undefined;
  const unicode = {
    register: (provider: IUnicodeVersionProvider) => (table = provider),
    activeVersion: '',
    versions: [],
  };
  new UnicodeGraphemesAddon().activate({ unicode } as unknown as Terminal);
  if (!table) return;
  const widths = tmuxWidths(table);
  terminal.unicode.register(widths);
  terminal.unicode.activeVersion = widths.version;
}
