// Sends input: a key at once, a paste in pieces, each when the terminal has taken enough of those before it. All of it at
// once would fill the line for as long as it takes, and the terminal's pings, which must be answered in time, would wait
// behind it. Pure.

import { cutInput } from './cut-input.ts';

type Data = string | Uint8Array;

export type InputOptions = {
  /** Characters or bytes that may be sent in one piece. */
  piece: number;
  /** Pieces that may be on their way; undefined where the terminal does not say what it has taken. */
  ahead: number | undefined;
  /** `taken` is called once the terminal has it. */
  send: (piece: Data, taken?: () => void) => void;
};

/** Returns a function to call with whatever is typed or pasted. */
export function createInput({ piece, ahead, send }: InputOptions): (data: Data) => void {
  const waiting: Data[] = [];
  let underWay = 0;

  function pump(): void {
    while (waiting.length > 0 && underWay < (ahead ?? Number.POSITIVE_INFINITY)) {
      underWay += 1;
      send(waiting.shift() as Data, () => {
        underWay -= 1;
        pump();
      });
    }
  }

  return (data) => {
    if (ahead === undefined) {
      for (const part of cutInput(data, piece)) send(part);
    } else if (data.length <= piece && waiting.length === 0) {
      // A key, as a rule: nothing is to be said about it.
      send(data);
    } else {
      for (const part of cutInput(data, piece)) waiting.push(part);
      pump();
    }
  };
}
