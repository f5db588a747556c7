// Asks a guest for a name, before the terminal is opened.

import { texts } from '../texts.ts';
import { element } from './element.ts';

// As in common/person-name.ts, whose code would bring all of zod along.
const maxLength: typeof import('../../common/person-name.ts').maxNameLength = 40;
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Resolves to the name, once the guest has given one. */
export function askName(root: HTMLElement): Promise<string> {
  const words = texts.sharing;
  const field = element('input', {
    ...{ type: 'text', name: 'name', id: 'guest-name', required: '', maxlength: String(maxLength) },
    ...{ autocomplete: 'nickname', 'aria-describedby': 'guest-detail' },
  });
  const form = element(
    'form',
    { class: 'guest' },
    element('h1', { id: 'guest-title' }, words.invited),
    element('p', { class: 'detail', id: 'guest-detail' }, words.whoSees),
    element('label', { for: 'guest-name' }, words.name),
    field,
    element('div', { class: 'actions' }, element('button', { type: 'submit' }, words.join)),
  );
  const card = element('section', { class: 'status guest-card', 'aria-labelledby': 'guest-title' }, form);
  card.dataset.kind = 'dialog';
  root.append(card);
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = field.value.replace(invisible, '').trim();
      if (name === '') return;
      card.remove();
      resolve(name);
    });
  });
}
