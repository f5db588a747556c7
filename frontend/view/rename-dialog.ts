// Gives a tab a name. Loaded when it is first asked for.

import { maxNameLength, type TerminalWindow, type WindowRequest } from '../../common/windows.ts';
import { texts } from '../texts.ts';
import { createDialog } from './dialog.ts';
import { element } from './element.ts';

/** Adds the dialog to `root`; what this returns opens it for a tab. */
export function createRenameDialog(
  root: HTMLElement,
  request: (request: WindowRequest) => void,
  onClose: () => void,
): (window: TerminalWindow) => void {
  const words = texts.tabs;
  const field = element('input', {
    type: 'text',
    'aria-label': words.name,
    maxlength: String(maxNameLength),
    spellcheck: 'false',
    autocomplete: 'off',
  });
  const form = element(
    'form',
    { class: 'dialog-body rename', method: 'dialog' },
    field,
    element('p', { class: 'hint' }, words.nameHint),
    element('div', { class: 'actions' }, element('button', { class: 'primary' }, words.rename)),
  );
  const dialog = createDialog(root, { kind: 'rename-tab', title: words.renameTitle, onClose }, form);
  let wanted: TerminalWindow | undefined;
  form.addEventListener('submit', () => {
    if (wanted) request({ do: 'rename', window: wanted.id, name: field.value });
  });
  return (window) => {
    wanted = window;
    field.value = window.name;
    dialog.showModal();
    field.focus();
    field.select();
  };
}
