// How to get the command-line client of this very installation: its command, to be copied.

import { texts } from '../texts.ts';
import { button, element } from './element.ts';

declare const WARMTERM_VERSION: string;

/** Gets the client from the installation at `base`, and has it remember that. With the version: npx never fetches an address twice. */
export const loginCommand = (base: string): string =>
  `npx ${base}cli-${WARMTERM_VERSION}.tgz login ${base.replace(/\/$/, '')}`;

export function createCommandLine(base: string, copy: (text: string) => void): Node[] {
  const { commandLineHint, copy: label } = texts.settings;
  const command = loginCommand(base);
  return [
    element('p', { class: 'hint' }, commandLineHint),
    element(
      'div',
      { class: 'setting command' },
      element('code', { tabindex: '0' }, command),
      button(texts.copy, () => copy(command), { 'aria-label': label }),
    ),
  ];
}
