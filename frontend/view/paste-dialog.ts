// Asks before many lines are pasted. Loaded when it is first needed.

import type { AskPaste } from '../terminal/paste-guard.ts';
import { texts } from '../texts.ts';
import { createDialog } from './dialog.ts';
import { button, element } from './element.ts';

/** As much as helps to see that it is what was meant. */
const shown = { lines: 6, characters: 600 } as const;

/** Adds the dialog to `root`; `onTrust`: it is not to ask again. */
export function createPasteDialog(root: HTMLElement, onTrust: () => void): AskPaste {
  const detail = element('p', { class: 'detail' });
  const preview = element('pre', { tabindex: '0', 'aria-label': texts.paste.preview });
  const trust = element('input', { type: 'checkbox' });
  let answer: (yes: boolean) => void = () => {};
  const paste = button(texts.paste.paste, () => close(true), { class: 'primary', autofocus: '' });
  const dialog = createDialog(
    root,
    { kind: 'paste', title: '', onClose: () => answer(false) },
    element(
      'div',
      { class: 'dialog-body' },
      detail,
      preview,
      element('label', { class: 'setting' }, texts.paste.trust, trust),
      element(
        'div',
        { class: 'actions' },
        paste,
        button(texts.cancel, () => close(false)),
      ),
    ),
  );
  const title = dialog.querySelector('h2');

  function close(yes: boolean): void {
    if (yes && trust.checked) onTrust();
    answer(yes);
    dialog.close();
  }

  return ({ text, lines, bracketed, dropped }) => {
    if (title) title.textContent = texts.paste.title(lines);
    const controls = dropped > 0 ? ` ${texts.paste.dropped(dropped)}` : '';
    detail.textContent = `${bracketed ? texts.paste.waits : texts.paste.runs}${controls}`;
    preview.textContent = beginning(text);
    dialog.showModal();
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
}

function beginning(text: string): string {
  const start = text
    .slice(0, shown.characters)
    .split(/\r\n?|\n/)
    .slice(0, shown.lines)
    .join('\n');
  return start.length < text.trimEnd().length ? `${start}\n…` : start;
}
