// Where a word on the screen begins and ends. Pure.

/** Ends a word; what paths, addresses and options are made of does not. */
const separator = /^[\s"'`()[\]{}<>|;,]?$/u;

/** First and last column of the word at `column` of a line, given as what each cell shows. Of a separator: only itself. */
export function wordAt(cells: readonly string[], column: number): { from: number; to: number } {
  const inWord = (at: number) => !separator.test(cells[at] ?? '');
  let [from, to] = [column, column];
  if (!inWord(column)) return { from, to };
  while (inWord(from - 1)) from -= 1;
  while (inWord(to + 1)) to += 1;
  return { from, to };
}
