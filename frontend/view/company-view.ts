// Shows who is at the terminal: in the bar, and as questions to the owner. Names are data of strangers, and only ever text.

import type { Person } from '../../common/socket.ts';
import type { Company } from '../sharing/company.ts';
import { texts } from '../texts.ts';
import type { Bar } from './bar.ts';
import { button, element } from './element.ts';
import type { Ask } from './question.ts';

export function showCompany(company: Company, { bar, ask, open }: { bar: Bar; ask: Ask; open: () => void }): void {
  const words = texts.sharing;
  const count = button('', open, { class: 'bar-button', title: words.title });
  const pen = button('', () => company.request({ action: hasPen() || asks() ? 'return' : 'ask' }), {
    class: 'bar-button',
  });
  const typing = element('span', { class: 'bar-word', role: 'status' });
  bar.add(typing, pen, count);
  const asked = new Set<string>();
  const hasPen = () => company.own?.pen ?? false;
  const asks = () => company.own?.asks ?? false;

  company.follow(() => {
    const { people, own } = company;
    const isGuest = own !== undefined && own.role !== 'owner';
    count.hidden = people.length === 0;
    count.textContent = words.count(people.length);
    pen.hidden = !isGuest;
    pen.textContent = hasPen()
      ? words.stopTyping
      : asks()
        ? words.stopAsking
        : own?.role === 'editor'
          ? words.type
          : words.askToType;
    const other = people.find((person) => person.typing && person.id !== own?.id);
    const text = other ? words.isTyping(nameOf(other)) : '';
    if (typing.textContent !== text) typing.textContent = text;
    if (own?.role === 'owner') askOwner(people);
  });

  // Each question is put once. Another person's takes the place of one that is not answered yet: the list has both.
  function askOwner(people: readonly Person[]): void {
    for (const id of asked) if (!people.some((person) => person.id === id && person.asks)) asked.delete(id);
    for (const { id, asks, ...person } of people) {
      if (!asks || asked.has(id)) continue;
      asked.add(id);
      ask(words.asksToType(nameOf(person)), [
        { label: words.letType, does: () => company.request({ action: 'give', person: id }) },
        { label: words.notNow, does: () => company.request({ action: 'refuse', person: id }) },
      ]);
    }
  }
}

/** What a person is called. */
export const nameOf = ({ name }: Pick<Person, 'name'>): string => name ?? texts.sharing.owner;
