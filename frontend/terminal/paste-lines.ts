// When a paste is one to ask about. Pure.

/** A shell that knows pastes (bracketed paste) runs nothing before Enter; for any other, each line is a command. */
const manyLines = { bracketed: 20, other: 2 } as const;

export const needsAsking = (lines: number, bracketed: boolean): boolean =>
  lines >= (bracketed ? manyLines.bracketed : manyLines.other);

/** Lines with something to run: a line break at the end begins no other. */
export function countLines(text: string): number {
  let lines = 1;
  for (let at = 0; at < text.length; at++) {
    const isBreak = text[at] === '\n' || (text[at] === '\r' && text[at + 1] !== '\n');
    if (isBreak && at < text.length - 1) lines += 1;
  }
  return lines;
}
