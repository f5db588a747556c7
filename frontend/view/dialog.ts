// A dialog over the page that Escape and a click beside it close.

import { texts } from '../texts.ts';
import { element, iconButton } from './element.ts';

/** Adds a dialog to `root`, closed. `kind` is its class; `onClose` is called whenever it has been closed. */
export function createDialog(
  root: HTMLElement,
  { kind, title, onClose }: { kind: string; title: string; onClose: () => void },
  ...content: (Node | string)[]
): HTMLDialogElement {
  const id = `${kind}-title`;
  const close = () => dialog.close();
  const dialog = element(
    'dialog',
    { class: `dialog ${kind}`, 'aria-labelledby': id },
    element('div', { class: 'dialog-head' }, element('h2', { id }, title), iconButton('close', texts.close, close)),
    ...content,
  );
  dialog.addEventListener('close', onClose);
  // Its padding is its content's: what is hit of itself is the backdrop.
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) close();
  });
  root.append(dialog);
  return dialog;
}
