// Text from outside, made fit for a log, an Event or a page: nothing in it moves a cursor, starts a line or turns the direction of
// writing. What a visitor writes can come back as Kubernetes' message about a pod, by /dev/termination-log. Pure.

// Control characters (C1 too: U+009B begins a sequence as ESC does), characters of format such as bidirectional overrides, and halves of
// pairs. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line of at most `most` characters, white space collapsed, the rest of what cannot be seen escaped as in JSON. */
export const printable = (text: string, most: number): string =>
  escapeUnprintable(text.slice(0, most).trim().replace(/\s+/g, ' ')).slice(0, most);

/** The same text with `\u001b` for ESC. What is within a string of JSON still means the same. */
export const escapeUnprintable = (text: string): string =>
  text.replace(unprintable, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const unit = character.charCodeAt(index).toString(16);
      return `\\u${unit.padStart(4, '0')}`;
    }).join(''),
  );
