// The end of a program's output as plain text: without control sequences, and with overwritten lines in their last form. Pure.

import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

const mostCharacters = 4_000;

export class PlainTail {
  readonly #decoder = new StringDecoder('utf8');
  #raw = '';

  push(bytes: Buffer): void {
    // Keep twice as much as is shown, because control sequences do not count and one may be cut at the start.
    this.#raw = (this.#raw + this.#decoder.write(bytes)).slice(-2 * mostCharacters);
  }

  get text(): string {
    const lines = stripVTControlCharacters(this.#raw).replaceAll('\r\n', '\n').split('\n');
    const shown = lines.map((line) => line.replace(/\r+$/, '').replace(/^.*\r/s, '')).join('\n');
    return shown.replace(/[^\P{Cc}\n\t]/gu, '').slice(-mostCharacters);
  }
}
