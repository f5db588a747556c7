// What goes to the clipboard, and what is said about it.

import { type Stored, stored } from './session/storage.ts';
import type { SettingsStore } from './settings/store.ts';
import { copyText } from './terminal/clipboard.ts';
import { type Answer, createCopyPermission } from './terminal/copy-permission.ts';
import { texts } from './texts.ts';
import type { Ask } from './view/question.ts';

export type Copying = {
  /** A person asks for it. */
  copy: (text: string) => void;
  /** A program does. */
  copyForProgram: (text: string) => void;
};

/** `identity`: which terminal it is that a person was asked about. */
export function createCopying(
  settings: SettingsStore,
  view: { ask: Ask; say: (text: string) => void; identity: () => string },
): Copying {
  const { ask, say, identity } = view;

  async function copy(text: string): Promise<void> {
    if (text === '') return;
    if (await copyText(text)) say(texts.copied);
    // With a click upon a button of ours every browser lets us.
    else ask(texts.copyBlocked, [{ label: texts.copy, does: () => void copyText(text) }]);
  }

  const answers = keepAnswers(stored('warmterm-programs-copy'), identity);
  const copyForProgram = createCopyPermission({
    setting: () => settings.now().programsCopy,
    answered: answers.get,
    keep: answers.keep,
    ask: (answer) =>
      ask(texts.programCopies, [
        { label: texts.allow, does: () => answer('allow') },
        { label: texts.deny, does: () => answer('deny') },
      ]),
    copy: (text) => void copy(text),
  });
  return { copy: (text) => void copy(text), copyForProgram };
}

// An answer is for one terminal; the next one may run who knows what.
function keepAnswers(kept: Stored, identity: () => string) {
  return {
    get: () => (['allow', 'deny'] as const).find((answer) => kept.get() === `${answer} ${identity()}`),
    keep: (answer: Answer) => kept.set(`${answer} ${identity()}`),
  };
}
