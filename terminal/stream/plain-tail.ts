// The end of what a program has printed, as plain text: without colours and other control sequences, and with each line as
// it was when last written over. Pure.

import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

const mostCharacters = 4_000;

export class PlainTail {
  readonly #decoder = new StringDecoder('utf8');
  #raw = '';

  push(bytes: Buffer): void {
    // Twice as much is kept as is shown: control sequences count for nothing, and one may be cut in two at the start.
    this.#raw = (this.#raw + this.#decoder.write(bytes)).slice(-2 * mostCharacters);
  }

  get text(): string {
    const lines = stripVTControlCharacters(this.#raw).replaceAll('\r\n', '\n').split('\n');
    const shown = lines.map((line) => line.replace(/\r+$/, '').replace(/^.*\r/s, '')).join('\n');
    return shown.replace(/[^\P{Cc}\n\t]/gu, '').slice(-mostCharacters);
  }
}
