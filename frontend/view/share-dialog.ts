// Sharing: makes links and ends them, and lists who is at the terminal. Loaded when it is first asked for.

import type { Person } from '../../common/socket.ts';
import type { Company } from '../sharing/company.ts';
import { addressOf } from '../sharing/invitation.ts';
import type { LinkWish } from '../sharing/links.ts';
import { texts } from '../texts.ts';
import { nameOf } from './company-view.ts';
import { createDialog } from './dialog.ts';
import { button, element } from './element.ts';

const minutes = [15, 60, 480, 1_440] as const;

export type ShareDialogOptions = {
  company: Company;
  /** Absent for a guest. */
  links?: { make: (wish: LinkWish) => Promise<{ token: string }>; end: () => Promise<void> } | undefined;
  copy: (text: string) => void;
  onClose: () => void;
};

export function createShareDialog(root: HTMLElement, options: ShareDialogOptions): HTMLDialogElement {
  const { company, links, copy, onClose } = options;
  const words = texts.sharing;
  const list = element('ul', { class: 'people' });
  const status = element('p', { class: 'detail', role: 'status' });
  const people = element('section', {}, element('h3', {}, words.here), list);
  const content = element('div', { class: 'dialog-body' }, ...(links ? linkForm(links) : []), people, status);
  const dialog = createDialog(root, { kind: 'share', title: words.title, onClose }, content);

  company.follow(() => {
    people.hidden = company.people.length === 0;
    list.replaceChildren(...company.people.map(describe));
  });

  function describe(person: Person): HTMLElement {
    const { id, role, pen } = person;
    const isOwn = id === company.own?.id;
    const name = isOwn ? words.you(nameOf(person)) : nameOf(person);
    const about = [words.roles[role], pen && words.hasPen, person.asks && words.asks].filter(Boolean).join(', ');
    const item = element(
      'li',
      {},
      element('span', { class: 'name' }, name),
      element('span', { class: 'detail' }, about),
    );
    if (company.own?.role !== 'owner' || isOwn) return item;
    const act = (action: 'give' | 'refuse' | 'remove') => () => company.request({ action, person: id });
    item.append(
      element(
        'div',
        { class: 'actions' },
        pen ? button(words.takeBack, act('refuse')) : button(words.letType, act('give')),
        button(words.remove, act('remove')),
      ),
    );
    return item;
  }

  function linkForm({ make, end }: NonNullable<ShareDialogOptions['links']>): HTMLElement[] {
    const role = choice('role', words.role, [
      ['viewer', words.mayLook],
      ['editor', words.mayType],
    ]);
    const time = choice(
      'time',
      words.validFor,
      minutes.map((count) => [String(count), words.times[count]]),
    );
    time.select.value = '60';
    const link = element('input', { type: 'text', readonly: '', 'aria-label': words.link });
    const result = element(
      'div',
      { class: 'link', hidden: '' },
      link,
      button(texts.copy, () => copy(link.value)),
    );
    const form = element(
      'form',
      {},
      element('p', { class: 'detail' }, words.explain),
      role.label,
      time.label,
      element(
        'div',
        { class: 'actions' },
        element('button', { type: 'submit' }, words.make),
        button(words.endAll, () => void endAll()),
      ),
      result,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void attempt(async () => {
        const { token } = await make({
          role: role.select.value === 'editor' ? 'editor' : 'viewer',
          expiresInMs: Number(time.select.value) * 60_000,
        });
        link.value = addressOf(token);
        result.hidden = false;
        link.select();
      });
    });
    const endAll = () =>
      attempt(async () => {
        await end();
        result.hidden = true;
        for (const { id, role: of } of company.people) {
          if (of !== 'owner') company.request({ action: 'remove', person: id });
        }
        status.textContent = words.allEnded;
      });
    return [form];
  }

  async function attempt(what: () => Promise<void>): Promise<void> {
    status.textContent = '';
    try {
      await what();
    } catch {
      status.textContent = words.failed;
    }
  }

  return dialog;
}

function choice(name: string, text: string, options: readonly (readonly [value: string, label: string])[]) {
  const select = element('select', { name }, ...options.map(([value, label]) => element('option', { value }, label)));
  return { select, label: element('label', { class: 'setting' }, text, select) };
}
