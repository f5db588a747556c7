// Asks for the host token, for a host who has come without the link that holds it.

import { element } from '../view/element.ts';

/** A form in place of what `root` holds. `refused`: the token that was sent is not the host token. */
export function askForToken(root: HTMLElement, onToken: (token: string) => void, refused: boolean): void {
  const field = element('input', {
    ...{ type: 'password', name: 'token', required: '', autocomplete: 'current-password', id: 'token' },
    'aria-describedby': 'token-hint',
  });
  const hint = refused
    ? 'This is not the host token. Check it and try again.'
    : 'Ask an administrator for it: it is the key host-token of the Secret. npm start prints a link that holds it.';
  const form = element(
    'form',
    { class: 'token' },
    element('label', { for: 'token' }, 'Host token'),
    field,
    element('button', {}, 'Open'),
    element('p', { id: 'token-hint', ...(refused && { role: 'alert' }) }, hint),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (token !== '') onToken(token);
  });
  root.replaceChildren(form);
  field.focus();
}
