// Makes text from outside safe for a log, an Event or a page: it moves no cursor, starts no line and does not change the direction of
// writing. A visitor's text can return as Kubernetes' message about a pod, by /dev/termination-log. Pure.

// Control characters (also C1: U+009B begins a sequence as ESC does), format characters such as bidirectional overrides, and lone
// surrogates. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line of at max `max` characters: white space collapsed, other invisible characters escaped as in JSON. */
export const printable = (text: string, max: number): string =>
  escapeUnprintable(text.slice(0, max).trim().replace(/\s+/g, ' ')).slice(0, max);

/** The same text with `\u001b` for ESC. Strings of JSON keep their meaning. */
export const escapeUnprintable = (text: string): string =>
  text.replace(unprintable, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const unit = character.charCodeAt(index).toString(16);
      return `\\u${unit.padStart(4, '0')}`;
    }).join(''),
  );
